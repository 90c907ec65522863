//! Every refusal of a conversion, one case each; and one line for each condition and limit.

use crate::testing::{Agreed, World, conversion_rule, of_family, policy};
use crate::{RawPosting, Rejection};
use xuefen_core::kinds::tags::{self, Tag};
use xuefen_core::proto::statement::Body;
use xuefen_core::proto::{
    AcceptApplication, ConversionRule, ConversionTarget, Deadlines, DecideAppeal, DecideConversion, Policy, Programme,
    ProgrammeCap, Verdict,
};

type Values = Vec<(Tag, Vec<u8>)>;

/// Seconds of a day.
pub(super) const DAY: i64 = 86_400;

/// The next rule of the school into its programme.
pub(super) fn next_rule(world: &mut World, code: &str, change: impl FnOnce(&mut ConversionRule)) -> u64 {
    let school = world.school.id.clone();
    let mut rule = conversion_rule(world.named["programme"], &[world.named["m2"]], world.now);
    rule.code = code.to_owned();
    change(&mut rule);
    world.post(&school, Body::ConversionRule(rule), &[4])
}

/// Gives so many credits, whatever the certificate.
pub(super) fn fixed(millis: u64) -> ConversionTarget {
    ConversionTarget { fixed_credit_millis: millis, ..ConversionTarget::default() }
}

/// A second programme of the school, of the same parts.
pub(super) fn second_programme(world: &mut World, change: impl FnOnce(&mut Programme)) -> u64 {
    let school = world.school.id.clone();
    let parts = ["course", "m1", "m2", "m3"].map(|name| world.named[name]);
    let mut body = Programme {
        code: "440301-evening".to_owned(),
        total_credit_millis: 6_000,
        ..crate::testing::programme(&parts)
    };
    change(&mut body);
    world.post(&school, Body::Programme(body), &[4])
}

/// The nation's policy with deadlines, and the evaluation body to decide appeals.
pub(super) fn with_deadlines(world: &mut World) {
    let deadlines = Deadlines {
        accept_days: 5,
        decide_days: 10,
        appeal_days: 15,
        decide_appeal_days: 20,
        review_days: 25,
        cooling_off_days: 0,
    };
    let ministry = world.ministry.id.clone();
    let appeal_body = world.body.id.clone();
    let body = Policy { deadlines: Some(deadlines), appeal_body, ..policy(1, world.now) };
    world.post(&ministry, Body::Policy(body), &[1]);
}

/// An application with a certificate, taken up.
pub(super) fn applied(world: &mut World, rule: u64) -> u64 {
    let certificate = world.certificate("X-1", "2");
    let application = world.apply(rule, &[certificate]);
    world.take_up(application);
    application
}

/// A grant of an application, changed.
pub(super) fn grant_with(
    world: &mut World,
    application: u64,
    change: impl FnOnce(&mut DecideConversion, &mut Values),
) -> RawPosting {
    let grant = world.drawn_up(application, None).expect("may be granted");
    let (mut body, mut values) = world.granting(application, &grant, None);
    change(&mut body, &mut values);
    world.decision(body, &values)
}

/// A grant of what was just granted by another name: drawn up before, posted after.
fn granted_twice(world: &mut World, first: u64, second: u64) -> RawPosting {
    let grant = world.drawn_up(second, None).expect("may be granted");
    let (body, values) = world.granting(second, &grant, None);
    let posting = world.decision(body, &values);
    world.granted(first);
    posting
}

fn accepting(world: &mut World, application: u64) -> RawPosting {
    let school = world.school.id.clone();
    let body = AcceptApplication { application: Some(world.reference(application)) };
    world.public(&school, Body::AcceptApplication(body), &[4])
}

/// A decision of the appeal body.
pub(super) fn on_appeal(world: &mut World, appeal: u64, verdict: Verdict) -> RawPosting {
    let body = DecideAppeal { appeal: Some(world.reference(appeal)), verdict: verdict as i32 };
    let by = world.body.id.clone();
    world.public(&by, Body::DecideAppeal(body), &[6])
}

/// A refused application, and the appeal against it.
pub(super) fn appealed(world: &mut World) -> (u64, u64) {
    let rule = world.named["convert"];
    let application = applied(world, rule);
    let refused = world.refused(application);
    let school = world.school.id.clone();
    let posting = world.appealing((&school, 4), refused, Agreed::OnPaper);
    (refused, world.accept(posting))
}

/// A world and a posting that is refused for this reason.
#[allow(clippy::too_many_lines)]
pub(super) fn case(rejection: Rejection) -> (World, RawPosting) {
    use Rejection as R;
    let mut world = World::converting();
    let it = &mut world;
    let (rule, school) = (it.named["convert"], it.school.id.clone());
    let posting = match rejection {
        R::VersionsOverlap => {
            let mut next = conversion_rule(it.named["programme"], &[it.named["m1"]], it.now);
            next.version = 2;
            it.public(&school, Body::ConversionRule(next), &[4])
        }
        R::ConsentMissing => {
            let certificate = it.certificate("X-1", "1");
            it.apply_with((&school, 4), rule, &[certificate], Agreed::No, &[])
        }
        R::ApplicationState => {
            let application = applied(it, rule);
            accepting(it, application)
        }
        R::ApplicationDiffers => {
            let application = applied(it, rule);
            let other = it.certificate("X-2", "1");
            grant_with(it, application, |_, values| values.push((tags::SOURCES, other.to_string().into())))
        }
        R::SourceNotConvertible => {
            let course = it.named["course"];
            it.apply_with((&school, 4), rule, &[course], Agreed::OnPaper, &[])
        }
        R::ConditionNotMet => {
            let high = next_rule(it, "bim-high", |rule| rule.sources = vec![of_family("x-bim", 3)]);
            let application = applied(it, high);
            // What the lower rule would give, under the higher one.
            let certificate = it.certificate("X-2", "3");
            let good = it.apply(high, &[certificate]);
            let grant = it.drawn_up(good, None).expect("may be granted");
            let (body, mut values) = it.granting(application, &grant, None);
            let source =
                crate::query::conversions::applied(&it.state, application).expect("memory").expect("kept").sources;
            values.push((tags::SOURCES, source[0].to_string().into()));
            it.decision(body, &values)
        }
        R::UsesIncomplete => {
            let highest = next_rule(it, "bim-highest", |rule| rule.highest_of_family = true);
            it.certificate("X-0", "1");
            let application = applied(it, highest);
            grant_with(it, application, |_, values| values.push((tags::MEMBERS, Vec::new())))
        }
        R::NullifiersWrong => {
            let application = applied(it, rule);
            grant_with(it, application, |body, _| body.nullifiers[0].bank = vec![7; 32])
        }
        R::ReplacesWrong => {
            let other = it.certificate("X-0", "1");
            let elsewhere = second_programme(it, |_| {});
            let there = next_rule(it, "there", |rule| rule.programme_index = elsewhere);
            let first = it.converted(there, &[other]);
            let application = applied(it, rule);
            let reference = it.reference(first);
            grant_with(it, application, |body, _| body.replaces = Some(reference))
        }
        R::AlreadyAllocated => {
            let other = next_rule(it, "bim-2", |_| {});
            let first = applied(it, rule);
            let certificate =
                crate::query::conversions::applied(&it.state, first).expect("memory").expect("kept").sources;
            let second = it.apply(other, &certificate);
            it.take_up(second);
            granted_twice(it, first, second)
        }
        R::YieldWrong => {
            let application = applied(it, rule);
            grant_with(it, application, |_, values| values.push((tags::CREDIT_MILLIS, b"1".to_vec())))
        }
        R::AlreadyExempt => {
            let first = applied(it, rule);
            let other = it.certificate("X-2", "1");
            let second = it.apply(rule, &[other]);
            it.take_up(second);
            granted_twice(it, first, second)
        }
        R::CapExceeded => {
            let cap = ProgrammeCap { source_class: "converted".to_owned(), basis_points: 2_999 };
            let capped = second_programme(it, |programme| programme.caps = vec![cap]);
            let (three, fits) = (fixed(1_800), fixed(1_799));
            let over = next_rule(it, "over", |rule| (rule.programme_index, rule.target) = (capped, Some(three)));
            let under = next_rule(it, "under", |rule| (rule.programme_index, rule.target) = (capped, Some(fits)));
            limited(it, over, under)
        }
        R::WholeProgramme => {
            let (all, most) = (fixed(6_000), fixed(5_999));
            let over = next_rule(it, "all", |rule| rule.target = Some(all));
            let under = next_rule(it, "most", |rule| rule.target = Some(most));
            limited(it, over, under)
        }
        R::AlreadyReversed => {
            let application = applied(it, rule);
            let decision = it.granted(application);
            let posting = it.reversal((&school, 4), decision, Agreed::OnPaper);
            it.accept(posting);
            it.reversal((&school, 4), decision, Agreed::OnPaper)
        }
        R::CoolingOffOver => {
            let application = applied(it, rule);
            let decision = it.granted(application);
            it.now += 31 * DAY;
            let ministry = it.ministry.id.clone();
            it.reversal((&ministry, 102), decision, Agreed::OnPaper)
        }
        R::AppealNotDue => {
            with_deadlines(it);
            let application = applied(it, rule);
            it.now += 10 * DAY;
            it.appealing((&school, 4), application, Agreed::OnPaper)
        }
        R::AppealTooLate => {
            with_deadlines(it);
            let application = applied(it, rule);
            let refused = it.refused(application);
            it.now += 15 * DAY + 1;
            it.appealing((&school, 4), refused, Agreed::OnPaper)
        }
        R::AppealExists => {
            let (refused, _) = appealed(it);
            it.appealing((&school, 4), refused, Agreed::OnPaper)
        }
        R::AppealDecided => {
            with_deadlines(it);
            let (_, appeal) = appealed(it);
            let posting = on_appeal(it, appeal, Verdict::Refused);
            it.accept(posting);
            on_appeal(it, appeal, Verdict::Granted)
        }
        _ => unreachable!("not of this group"),
    };
    (world, posting)
}

/// A grant under the rule `over` a limit, its numbers those that the rule gives; the rule `under` it draws up the rest.
fn limited(world: &mut World, over: u64, under: u64) -> RawPosting {
    let certificate = world.certificate("X-1", "2");
    let (wrong, right) = (world.apply(over, &[certificate]), world.apply(under, &[certificate]));
    world.take_up(wrong);
    let grant = world.drawn_up(right, None).expect("may be granted");
    assert!(world.drawn_up(wrong, None).is_err(), "over a limit");
    let rule = crate::query::conversions::conversion_rule(&world.state, over).expect("memory").expect("a rule").rule;
    let millis = rule.target.expect("a target").fixed_credit_millis;
    let (body, mut values) = world.granting(wrong, &grant, None);
    values.push((tags::CREDIT_MILLIS, millis.to_string().into()));
    values.push((tags::AFTER, format!("{}@1 {over} c{millis}", rule.code).into()));
    world.decision(body, &values)
}
