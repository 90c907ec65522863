//! Rows of a registry file that authorities publish for everybody: frameworks, catalogues of majors, examination schemes and
//! pathways take one row for each level, major, part or segment; filed majors and equivalences one row each.

use anyhow::{bail, ensure};
use xuefen_core::proto::statement::Body;
use xuefen_core::proto::{
    Charter, CharterMinimum, CharterSeat, Equivalence, EvaluateInstitution, ExamPart, ExamScheme, FiledMajors,
    Framework, FrameworkLevel, InstitutionKind, Major, MajorCatalogue, MajorCategory, MajorClass, Name, Pathway,
    PathwaySegment, Standing,
};

use super::enums;
use super::import::{Refused, Said, What, outcome_kind};
use super::rows::Row;
use super::statements::name;

/// The columns of a kind of this file.
pub const fn columns(what: What) -> &'static [&'static str] {
    match what {
        What::Frameworks => &["code", "version", "effective_from", "level", "name", "eqf_level"],
        What::Majors => &[
            "code",
            "version",
            "effective_from",
            "major",
            "name",
            "training_level",
            "class",
            "class_name",
            "category",
            "category_name",
        ],
        What::FiledMajors => &["institution", "training_level", "year", "majors", "catalogue_index"],
        What::ExamSchemes => &[
            "code",
            "version",
            "effective_from",
            "region",
            "part",
            "top_score",
            "skill_test",
            "exempt_grounds",
            "general",
        ],
        What::Pathways => &[
            "code",
            "version",
            "effective_from",
            "name",
            "training_level",
            "years",
            "institution",
            "phased_out_from",
            "keeps_enrolment_rules",
        ],
        What::Charters => &["code", "version", "institution", "kind", "threshold", "minimum"],
        What::Evaluations => &["institution", "scheme", "year", "grade"],
        What::Equivalences => &[
            "code",
            "version",
            "effective_from",
            "from_kind",
            "from_code",
            "from_level",
            "to_kind",
            "to_code",
            "to_level",
        ],
        _ => &[],
    }
}

/// Whether several rows make one statement.
pub const fn is_grouped(what: What) -> bool {
    matches!(what, What::Frameworks | What::Majors | What::ExamSchemes | What::Pathways | What::Charters)
}

/// A row that is a statement by itself.
pub fn single(what: What, row: &Row) -> anyhow::Result<Body> {
    match what {
        What::FiledMajors => filed_majors(row).map(Body::FiledMajors),
        What::Equivalences => equivalence(row).map(Body::Equivalence),
        What::Evaluations => evaluation(row).map(Body::EvaluateInstitution),
        _ => bail!("these rows are no statements by themselves"),
    }
}

/// Statements of all rows with one code and version, in the order of their first rows. A bad row gives back its whole
/// statement.
pub fn grouped(what: What, rows: Vec<Row>) -> (Vec<Said>, Refused) {
    let (mut groups, mut refused): (Vec<(String, Vec<Row>)>, Refused) = (Vec::new(), Vec::new());
    for row in rows {
        let key = match head(&row) {
            Ok(head) => format!("{}@{}", head.code, head.version),
            Err(error) => {
                refused.push(row.refuse(&error));
                continue;
            }
        };
        match groups.iter_mut().find(|(known, _)| *known == key) {
            Some((_, group)) => group.push(row),
            None => groups.push((key, vec![row])),
        }
    }
    let mut said = Vec::new();
    for (_, group) in groups {
        let first = group[0].number;
        let made = match what {
            What::Frameworks => framework(&group).map(Body::Framework),
            What::Majors => catalogue(&group).map(Body::MajorCatalogue),
            What::Charters => charter(&group).map(Body::Charter),
            What::ExamSchemes => exam_scheme(&group).map(Body::ExamScheme),
            _ => pathway(&group).map(Body::Pathway),
        };
        match made {
            Ok(body) => said.push(Said { row: first, body, key: None }),
            Err(error) => refused.push(group[0].refuse(&error)),
        }
    }
    (said, refused)
}

struct Head {
    code: String,
    version: u32,
    effective_from: i64,
}

fn head(row: &Row) -> anyhow::Result<Head> {
    Ok(Head {
        code: row.text("code")?.to_owned(),
        version: row.number("version", 1)?,
        effective_from: row.number("effective_from", 0)?,
    })
}

/// A number that must be said.
fn needed(row: &Row, column: &str) -> anyhow::Result<u32> {
    row.text(column)?;
    row.number(column, 0)
}

fn in_row<T>(row: &Row, made: anyhow::Result<T>) -> anyhow::Result<T> {
    row.in_row(made)
}

fn framework(rows: &[Row]) -> anyhow::Result<Framework> {
    let level = |row: &Row| -> anyhow::Result<FrameworkLevel> {
        let eqf_level = row.number("eqf_level", 0)?;
        Ok(FrameworkLevel { code: row.text("level")?.to_owned(), names: row.names()?, eqf_level })
    };
    let Head { code, version, effective_from } = head(&rows[0])?;
    let levels = rows.iter().map(|row| in_row(row, level(row))).collect::<anyhow::Result<_>>()?;
    Ok(Framework { code, version, effective_from, levels })
}

/// One name for each code: two rows that call a class differently are an error, not two classes.
fn tier(known: &mut Vec<(String, String, String)>, code: &str, called: &str, above: &str) -> anyhow::Result<()> {
    let new = (code.to_owned(), called.to_owned(), above.to_owned());
    match known.iter().find(|(other, _, _)| other == code) {
        Some(other) => ensure!(*other == new, "{code} is described in two ways"),
        None => known.push(new),
    }
    Ok(())
}

fn catalogue(rows: &[Row]) -> anyhow::Result<MajorCatalogue> {
    let Head { code, version, effective_from } = head(&rows[0])?;
    let (mut categories, mut classes, mut majors) = (Vec::new(), Vec::new(), Vec::new());
    for row in rows {
        let read = || -> anyhow::Result<Major> {
            let (class, category) = (row.text("class")?, row.text("category")?);
            tier(&mut categories, category, row.text("category_name")?, "")?;
            tier(&mut classes, class, row.text("class_name")?, category)?;
            Ok(Major {
                code: row.text("major")?.to_owned(),
                names: row.names()?,
                major_class: class.to_owned(),
                training_level: needed(row, "training_level")?,
            })
        };
        majors.push(in_row(row, { read }())?);
    }
    categories.sort();
    classes.sort();
    majors.sort_by(|a, b| a.code.cmp(&b.code));
    let names = |called: &str| -> Vec<Name> { vec![name(called)] };
    let category =
        |(code, called, _): &(String, String, String)| MajorCategory { code: code.clone(), names: names(called) };
    let class = |(code, called, above): &(String, String, String)| MajorClass {
        code: code.clone(),
        names: names(called),
        category: above.clone(),
    };
    Ok(MajorCatalogue {
        code,
        version,
        effective_from,
        majors,
        categories: categories.iter().map(category).collect(),
        classes: classes.iter().map(class).collect(),
    })
}

fn filed_majors(row: &Row) -> anyhow::Result<FiledMajors> {
    let mut majors = row.list("majors");
    majors.sort_unstable();
    row.text("catalogue_index")?;
    Ok(FiledMajors {
        institution: row.text("institution")?.to_owned(),
        training_level: needed(row, "training_level")?,
        year: needed(row, "year")?,
        majors,
        catalogue_index: row.number("catalogue_index", 0)?,
    })
}

fn exam_scheme(rows: &[Row]) -> anyhow::Result<ExamScheme> {
    let part = |row: &Row| -> anyhow::Result<ExamPart> {
        Ok(ExamPart {
            code: row.text("part")?.to_owned(),
            top_score: needed(row, "top_score")?,
            skill_test: row.flag("skill_test")?,
        })
    };
    let Head { code, version, effective_from } = head(&rows[0])?;
    // What is said of the whole may stand in any of its rows.
    let all = |column: &str| rows.iter().find_map(|row| row.get(column)).unwrap_or_default();
    let grounds = rows.iter().map(|row| row.list("exempt_grounds")).find(|list| !list.is_empty());
    let general = rows.iter().map(|row| row.flag("general")).collect::<anyhow::Result<Vec<_>>>()?.contains(&true);
    Ok(ExamScheme {
        code,
        version,
        effective_from,
        region: all("region").to_owned(),
        parts: rows.iter().map(|row| in_row(row, part(row))).collect::<anyhow::Result<_>>()?,
        exempt_grounds: grounds.unwrap_or_default(),
        general,
    })
}

fn pathway(rows: &[Row]) -> anyhow::Result<Pathway> {
    let segment = |row: &Row| -> anyhow::Result<PathwaySegment> {
        Ok(PathwaySegment {
            training_level: needed(row, "training_level")?,
            years: needed(row, "years")?,
            institution: row.get("institution").unwrap_or_default().to_owned(),
        })
    };
    let Head { code, version, effective_from } = head(&rows[0])?;
    Ok(Pathway {
        code,
        version,
        effective_from,
        labels: rows[0].names()?,
        segments: rows.iter().map(|row| in_row(row, segment(row))).collect::<anyhow::Result<_>>()?,
        phased_out_from: rows[0].number("phased_out_from", 0)?,
        keeps_enrolment_rules: rows[0].flag("keeps_enrolment_rules")?,
    })
}

/// One row for each seat; `code` is the consortium, `minimum` how many seats of the row's kind must sign. A row without a
/// member dissolves it.
fn charter(rows: &[Row]) -> anyhow::Result<Charter> {
    let Head { code, version, .. } = head(&rows[0])?;
    let (mut seats, mut minimums): (Vec<CharterSeat>, Vec<CharterMinimum>) = (Vec::new(), Vec::new());
    for row in rows.iter().filter(|row| row.get("institution").is_some()) {
        let kind = in_row(row, enums::parse::<InstitutionKind>(row.text("kind")?))?.into();
        seats.push(CharterSeat { institution: row.text("institution")?.to_owned(), kind });
        let count = in_row(row, row.number("minimum", 0))?;
        if count > 0 && !minimums.iter().any(|minimum| minimum.kind == kind) {
            minimums.push(CharterMinimum { kind, count });
        }
    }
    let threshold = rows.iter().map(|row| row.number("threshold", 0)).collect::<anyhow::Result<Vec<u32>>>()?;
    let threshold = threshold.into_iter().max().unwrap_or_default();
    Ok(Charter { consortium: code, version, seats, threshold, minimums })
}

fn evaluation(row: &Row) -> anyhow::Result<EvaluateInstitution> {
    Ok(EvaluateInstitution {
        institution: row.text("institution")?.to_owned(),
        scheme: row.text("scheme")?.to_owned(),
        year: needed(row, "year")?,
        grade: row.text("grade")?.to_owned(),
    })
}

fn equivalence(row: &Row) -> anyhow::Result<Equivalence> {
    let standing = |side: &str| -> anyhow::Result<Option<Standing>> {
        Ok(Some(Standing {
            outcome_kind: outcome_kind(row.text(&format!("{side}_kind"))?)?.into(),
            code: row.text(&format!("{side}_code"))?.to_owned(),
            level: row.number(&format!("{side}_level"), 0)?,
        }))
    };
    let Head { code, version, effective_from } = head(row)?;
    Ok(Equivalence { code, version, effective_from, from: standing("from")?, to: standing("to")? })
}

#[cfg(test)]
mod tests {
    use super::super::import::read;
    use super::*;

    fn read_text(what: What, text: &str) -> (Vec<Said>, Refused) {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("rows");
        std::fs::write(&file, text).unwrap();
        read(what, &file).unwrap()
    }

    #[test]
    fn rows_of_one_code_and_version_are_one_statement() {
        let text = "code,level,name,eqf_level\nF,1,一级,\nF,2,二级,4\nG,1,甲,\n";
        let (said, refused) = read_text(What::Frameworks, text);
        assert_eq!((said.len(), refused.len(), said[1].row), (2, 0, 4));
        let Body::Framework(body) = &said[0].body else { panic!("a framework") };
        assert_eq!(body.levels.iter().map(|level| level.eqf_level).collect::<Vec<_>>(), [0, 4]);
        let text = "code,name,training_level,years,institution\nP,3+2,1,3,x-a\nP,3+2,2,2,\nQ,3+2,2,x,\n";
        let (said, refused) = read_text(What::Pathways, text);
        assert_eq!((said.len(), refused.len(), refused[0].row), (1, 1, 4));
        let Body::Pathway(body) = &said[0].body else { panic!("a pathway") };
        assert_eq!((body.segments.len(), body.labels[0].text.as_str()), (2, "3+2"));
    }

    #[test]
    fn a_catalogue_is_put_together_from_its_majors() {
        let head = "code,major,name,training_level,class,class_name,category,category_name\n";
        let rows = "C,500112,铁道交通运营管理,2,5001,铁道运输类,50,交通运输大类\n\
                    C,440301,建筑工程技术,2,4403,土建施工类,44,土木建筑大类\n\
                    C,440302,装配式建筑工程技术,2,4403,土建施工类,44,土木建筑大类\n";
        let (said, refused) = read_text(What::Majors, &format!("{head}{rows}"));
        assert_eq!((said.len(), refused.len()), (1, 0));
        let Body::MajorCatalogue(body) = &said[0].body else { panic!("a catalogue") };
        let codes = body.majors.iter().map(|major| major.code.as_str());
        assert_eq!(codes.collect::<Vec<_>>(), ["440301", "440302", "500112"]);
        assert_eq!((body.categories.len(), body.classes.len(), body.classes[0].category.as_str()), (2, 2, "44"));
        let other = format!("{head}{rows}C,440303,甲,2,4403,另一类,44,土木建筑大类\n");
        assert!(read_text(What::Majors, &other).1[0].reason(crate::cli::messages::Lang::En).contains("4403"));
    }

    #[test]
    fn a_charter_has_a_row_for_each_seat() {
        let text =
            "code,institution,kind,threshold,minimum\nx-park,x-a,higher_vocational,2,\nx-park,x-b,enterprise,,1\n";
        let (said, refused) = read_text(What::Charters, text);
        assert!(refused.is_empty(), "{refused:?}");
        let Body::Charter(body) = &said[0].body else { panic!("a charter") };
        assert_eq!((body.seats.len(), body.threshold, body.minimums.len(), body.minimums[0].kind), (2, 2, 1, 10));
        let (said, _) = read_text(What::Charters, "code,version\nx-park,2\n");
        let Body::Charter(body) = &said[0].body else { panic!("a charter") };
        assert!(body.seats.is_empty() && body.threshold == 0);
        let (said, _) = read_text(What::Evaluations, "institution,scheme,year,grade\nx-a,国培基地,2025,优秀\n");
        assert_eq!(said.len(), 1);
    }

    #[test]
    fn schemes_filings_and_equivalences_are_read() {
        let text = "code,region,part,top_score,skill_test,exempt_grounds\n\
                    职教高考,320000,文化素质,300,no,veteran;laid_off\n职教高考,320000,职业技能,350,yes,\n";
        let (said, _) = read_text(What::ExamSchemes, text);
        let Body::ExamScheme(body) = &said[0].body else { panic!("a scheme") };
        assert_eq!((body.parts.len(), body.exempt_grounds.len(), body.region.as_str()), (2, 2, "320000"));
        assert!(body.parts[1].skill_test && !body.general);
        let text = "institution,training_level,year,majors,catalogue_index\nx-a,4,2026,2;1,9\nx-b,4,,1,9\n";
        let (said, refused) = read_text(What::FiledMajors, text);
        let Body::FiledMajors(body) = &said[0].body else { panic!("a filing") };
        assert_eq!((body.majors.as_slice(), body.catalogue_index), (&["1".to_owned(), "2".to_owned()][..], 9));
        assert_eq!(refused.len(), 1);
        let text = "code,from_kind,from_code,from_level,to_kind,to_code,to_level\n\
                    E,skill_level_certificate,4-03-02-01,4,title,助理工程师,1\n";
        let (said, _) = read_text(What::Equivalences, text);
        let Body::Equivalence(body) = &said[0].body else { panic!("an equivalence") };
        assert_eq!(body.to.as_ref().map(|to| (to.outcome_kind, to.level)), Some((15, 1)));
    }
}
