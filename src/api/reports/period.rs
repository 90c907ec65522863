//! The days that a report is of. Whole years only: of two reports over nearly the same days one could be taken from the
//! other, and what is left would be of few persons.

use tonic::Status;
use xuefen_ledger::day::Day;

use crate::api::proto::{ReportPeriod, RunReportRequest};
use crate::api::status::invalid;

/// Years that a report can be of.
const YEARS: std::ops::RangeInclusive<u32> = 1990..=2200;

/// See the module.
#[derive(Clone, Copy, Debug)]
pub struct Period {
    /// How it was asked for.
    pub kind: ReportPeriod,
    /// Its year; 0 = all time.
    pub year: u32,
    /// First and last day; `None` = all time.
    pub days: Option<(Day, Day)>,
    /// 30 September of the year.
    pub headcount_day: Option<Day>,
}

impl Period {
    /// The period that a request names.
    pub fn asked(request: &RunReportRequest) -> Result<Self, Status> {
        let kind = ReportPeriod::try_from(request.period)
            .map_err(|_| invalid("period", "send one of the periods of the schema"))?;
        let year = request.year;
        let day = |year: u32, rest: &str| Day::parse(format!("{year}-{rest}").as_bytes());
        if kind == ReportPeriod::Unspecified {
            if year != 0 {
                return Err(invalid("year", "name the period too, or leave the year out for all time"));
            }
            return Ok(Self { kind, year, days: None, headcount_day: None });
        }
        let days = match kind {
            ReportPeriod::SchoolYear => day(year.saturating_sub(1), "09-01").zip(day(year, "08-31")),
            _ => day(year, "01-01").zip(day(year, "12-31")),
        };
        match days.filter(|_| YEARS.contains(&year)) {
            Some(days) => Ok(Self { kind, year, days: Some(days), headcount_day: day(year, "09-30") }),
            None => Err(invalid("year", format!("send a year of {} to {}", YEARS.start(), YEARS.end()))),
        }
    }

    /// Whether a day lies in it.
    pub fn has(&self, day: Day) -> bool {
        self.days.is_none_or(|(first, last)| first <= day && day <= last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(period: ReportPeriod, year: u32) -> Result<Period, Status> {
        Period::asked(&RunReportRequest { period: period.into(), year, ..RunReportRequest::default() })
    }

    #[test]
    fn years_begin_in_january_or_september() {
        let day = |text: &str| Day::parse(text.as_bytes()).unwrap();
        let school = asked(ReportPeriod::SchoolYear, 2026).unwrap();
        assert_eq!(school.days, Some((day("2025-09-01"), day("2026-08-31"))));
        assert_eq!(school.headcount_day, Some(day("2026-09-30")));
        let calendar = asked(ReportPeriod::CalendarYear, 2026).unwrap();
        assert!(calendar.has(day("2026-12-31")) && !calendar.has(day("2027-01-01")) && !school.has(day("2026-09-01")));
        assert!(asked(ReportPeriod::Unspecified, 0).unwrap().has(day("1949-10-01")));
    }

    #[test]
    fn a_year_without_its_period_or_a_period_without_its_year_is_refused() {
        for (period, year) in [
            (ReportPeriod::Unspecified, 2026),
            (ReportPeriod::SchoolYear, 0),
            (ReportPeriod::CalendarYear, 0),
            (ReportPeriod::CalendarYear, 99_999),
        ] {
            assert!(asked(period, year).is_err(), "{period:?} {year}");
        }
        assert!(Period::asked(&RunReportRequest { period: 9, ..RunReportRequest::default() }).is_err());
    }
}
