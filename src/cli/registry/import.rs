//! `xuefen registry import`: rows of a file become signed statements, one by one; a bad row does not hold the others up.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail, ensure};
use clap::{Args, ValueEnum};
use serde_json::json;
use xuefen_core::key::{PublicKey, SecretKey};
use xuefen_core::proto::statement::Body;
use xuefen_core::proto::{
    AccreditInstitution, CertificateFamily, CertificateLevel, Course, InstitutionKind, Module, OutcomeKind,
    RecordingRule, Sector,
};

use super::enums;
use super::published;
use super::rows::{self, Row};
use super::standards;
use super::statements::{self, Signer};
use crate::api::proto::Posting;
use crate::cli::exit::Exit;
use crate::cli::hex::from_hex;
use crate::cli::online_messages as m;
use crate::cli::output::Output;
use crate::cli::secret_key_file;
use crate::cli::sign::problem;
use crate::cli::speak::{SpeakArgs, speak};
use crate::cli::table::ColumnsFile;

/// What the rows are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum What {
    /// Accreditations: institution, kind, sector, region, parent, `outcome_kinds`, families, name, …
    Institutions,
    /// Keys of institutions: institution, `key_file` or `public_key`, custodian
    Keys,
    /// Keys of authorities: authority, role, region, `key_file` or `public_key`, name
    Authorities,
    /// Hours to credits: code, version, `hour_minutes`, `theory_hours_per_credit`, …
    RecordingRules,
    /// Courses: code, version, name, minutes, `practice_minutes`, credits, `recording_rule_index`, scale, …
    Courses,
    /// Modules: as courses, with `course_index`
    Modules,
    /// Policies: code, version, `effective_from`, region, scales, thresholds, holidays, numbers by their fields, …
    Policies,
    /// Programmes: code, version, name, major, required, elective, credits, `opinions_hash`, …
    Programmes,
    /// Runs: code, `offer_index`, start, end, minutes, `practice_minutes`, venue, place
    Runs,
    /// Families of certificates: code, version, name, `outcome_kind`, levels, occupation, `validity_days`
    Families,
    /// Levels of frameworks: code, version, level, name, `eqf_level`; one row for each level
    Frameworks,
    /// Catalogues of majors: code, version, major, name, `training_level`, class, category, …; one row for each major
    Majors,
    /// Majors filed for a year: institution, `training_level`, year, majors, `catalogue_index`
    FiledMajors,
    /// Entrance examinations: code, version, region, part, `top_score`, `skill_test`, …; one row for each part
    ExamSchemes,
    /// Pathways: code, version, name, `training_level`, years, institution; one row for each segment
    Pathways,
    /// What is held equal: code, version, `from_kind`, `from_code`, `from_level`, `to_kind`, `to_code`, `to_level`
    Equivalences,
    /// Charters of consortia: code (the consortium), version, institution, kind, threshold, minimum; one row for each seat
    Charters,
    /// Grades of institutions: institution, scheme, year, grade
    Evaluations,
    /// Headcounts: institution, day, learners, staff
    Headcounts,
}

/// Arguments of `registry import`.
#[derive(Debug, Args)]
pub struct Import {
    /// What the rows are.
    #[arg(value_enum)]
    what: What,
    /// XLSX, CSV (UTF-8 or GB18030) or JSON lines; header in English or Chinese.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Worksheet of a workbook [default: the first with something in it].
    #[arg(long, value_name = "NAME")]
    worksheet: Option<String>,
    /// TOML file of columns: [columns] header = column, [constants] column = cell, [values.COLUMN] word = word.
    #[arg(long, value_name = "FILE")]
    columns: Option<PathBuf>,
    /// Read and check every row, sign and post nothing.
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    speak: SpeakArgs,
}

/// A row as it is to be said: its body, and a key that has to prove its possession.
pub struct Said {
    /// Line of the file.
    pub row: u64,
    /// What is said.
    pub body: Body,
    /// The new key, if the file has its private half.
    pub key: Option<SecretKey>,
}

/// Runs `registry import`.
pub fn run(args: &Import, output: &mut Output<'_>) -> anyhow::Result<Exit> {
    let mut columns = args.columns.as_deref().map(ColumnsFile::read).transpose()?.unwrap_or_default();
    columns.worksheet = args.worksheet.clone().or(columns.worksheet);
    let (said, refused) = read_with(args.what, &args.file, &columns)?;
    let failed = |good: usize| match (good, refused.len()) {
        (_, 0) => Exit::Pass,
        (0, _) => Exit::Fail,
        _ => Exit::Partial,
    };
    if args.dry_run && output.is_json() {
        let rows: Vec<_> = refused.iter().map(|one| one.json(output.lang())).collect();
        output.json(&json!({ "dry_run": true, "good": said.len(), "refused": rows }))?;
        return Ok(failed(said.len()));
    }
    problem::print(&refused, output)?;
    if !refused.is_empty() {
        output.remark(&m::ROWS_LEFT_OUT.fill(output.lang(), &[("count", &refused.len())]));
    }
    if args.dry_run {
        output.line(&m::WOULD_SAY.fill(output.lang(), &[("count", &said.len())]))?;
    }
    if args.dry_run || said.is_empty() {
        return Ok(failed(said.len()));
    }
    let exit = speak(&args.speak, output, async |_, signer| Ok(sign(signer, said)?))?;
    Ok(if exit == Exit::Pass && !refused.is_empty() { Exit::Partial } else { exit })
}

/// Signs what the rows say: in one batch, but for those that a key of their own signs too.
pub fn sign(signer: &Signer<'_>, said: Vec<Said>) -> Result<Vec<Posting>, statements::SignError> {
    if said.iter().all(|one| one.key.is_none()) {
        return signer.postings(said.into_iter().map(|one| (one.row, one.body)));
    }
    let one = |one: Said| {
        let also: Vec<_> = one.key.iter().collect();
        signer.posting_with(one.row, one.body, &also)
    };
    said.into_iter().map(one).collect()
}

/// Rows with what is wrong with them.
pub type Refused = Vec<problem::Refused>;

/// Reads a file. Rows that cannot be said are given back with the reason.
pub fn read(what: What, file: &Path) -> anyhow::Result<(Vec<Said>, Refused)> {
    read_with(what, file, &ColumnsFile::default())
}

/// [`read`] with a file of columns.
fn read_with(what: What, file: &Path, names: &ColumnsFile) -> anyhow::Result<(Vec<Said>, Refused)> {
    let dir = file.parent().unwrap_or(Path::new(""));
    let (rows, mut refused) = rows::read(file, columns(what), names)?;
    let mut said = Vec::new();
    if standards::is_grouped(what) {
        let (grouped, others) = standards::grouped(what, rows);
        said = grouped;
        refused.extend(others);
    } else {
        for row in rows {
            match say(what, &row, dir) {
                Ok((body, key)) => said.push(Said { row: row.number, body, key }),
                Err(error) => refused.push(row.refuse(&error)),
            }
        }
    }
    refused.sort_by_key(|one| one.row);
    Ok((said, refused))
}

const fn columns(what: What) -> &'static [&'static str] {
    match what {
        What::Institutions => &[
            "institution",
            "kind",
            "sector",
            "region",
            "parent",
            "outcome_kinds",
            "families",
            "name",
            "full_ladder",
            "may_import",
            "highest_skill_level",
        ],
        What::Keys => &["institution", "key_file", "public_key", "custodian"],
        What::Authorities => &["authority", "role", "region", "key_file", "public_key", "name"],
        What::RecordingRules => &[
            "code",
            "version",
            "effective_from",
            "parent_index",
            "hour_minutes",
            "theory_hours_per_credit",
            "practice_hours_per_credit",
            "step_millis",
        ],
        What::Courses | What::Modules => &[
            "code",
            "version",
            "name",
            "course_index",
            "minutes",
            "practice_minutes",
            "hours",
            "practice_hours",
            "hour_minutes",
            "credits",
            "recording_rule_index",
            "category",
            "scale",
            "majors",
            "competency",
        ],
        What::Policies => published::POLICY,
        What::Programmes => published::PROGRAMME,
        What::Runs => published::RUN,
        What::Headcounts => published::HEADCOUNT,
        What::Families => {
            &["code", "version", "name", "outcome_kind", "outcome_kinds", "levels", "occupation", "validity_days"]
        }
        _ => standards::columns(what),
    }
}

fn say(what: What, row: &Row, dir: &Path) -> anyhow::Result<(Body, Option<SecretKey>)> {
    let body = match what {
        What::Keys | What::Authorities => return say_key(what, row, dir),
        What::Institutions => Body::AccreditInstitution(institution(row)?),
        What::RecordingRules => Body::RecordingRule(recording_rule(row)?),
        What::Courses => Body::Course(course(row)?),
        What::Modules => Body::Module(module(row)?),
        What::Policies => Body::Policy(published::policy(row)?),
        What::Programmes => Body::Programme(published::programme(row)?),
        What::Runs => Body::Run(published::run(row)?),
        What::Headcounts => Body::DeclareHeadcount(published::headcount(row)?),
        What::Families => Body::CertificateFamily(family(row)?),
        _ => standards::single(what, row)?,
    };
    Ok((body, None))
}

fn say_key(what: What, row: &Row, dir: &Path) -> anyhow::Result<(Body, Option<SecretKey>)> {
    let secret = row.get("key_file").map(|path| secret_key_file::read_key(&dir.join(path))).transpose()?;
    let public = match (row.get("public_key"), &secret) {
        (Some(hex), None) => public_key(hex)?,
        (None, Some(secret)) => secret.public().clone(),
        _ => bail!("give one of key_file and public_key"),
    };
    if what == What::Authorities {
        let role = enums::parse(row.text("role")?)?;
        let names = row.names().unwrap_or_default();
        let region = row.get("region").unwrap_or_default();
        let grant = statements::authority_key(row.text("authority")?, names, role, region, &public);
        return Ok((statements::grant(grant), None));
    }
    let institution = row.text("institution")?;
    let custodian = row.get("custodian").unwrap_or(institution);
    Ok((statements::authorise_key(institution, &public, custodian), secret))
}

/// A public key in hexadecimal, as `xuefen keys show` prints it.
pub fn public_key(hex: &str) -> anyhow::Result<PublicKey> {
    let bytes = from_hex(hex).with_context(|| format!("{hex:?} is no public key of 64 hexadecimal digits"))?;
    PublicKey::parse(&bytes).with_context(|| format!("{hex:?} is no good public key"))
}

fn kinds(row: &Row) -> anyhow::Result<Vec<i32>> {
    let kind = |text: &String| outcome_kind(text).map(i32::from);
    let mut kinds = row.list("outcome_kinds").iter().map(kind).collect::<anyhow::Result<Vec<_>>>()?;
    kinds.sort_unstable();
    Ok(kinds)
}

/// An outcome kind by its name in either language.
pub fn outcome_kind(text: &str) -> anyhow::Result<OutcomeKind> {
    crate::cli::sign::offers::kind_of(text).map_or_else(|| enums::parse(text), Ok)
}

fn institution(row: &Row) -> anyhow::Result<AccreditInstitution> {
    Ok(AccreditInstitution {
        institution: row.text("institution")?.to_owned(),
        kind: enums::parse::<InstitutionKind>(row.text("kind")?)?.into(),
        sector: enums::parse::<Sector>(row.text("sector")?)?.into(),
        region: row.get("region").unwrap_or_default().to_owned(),
        parent: row.get("parent").unwrap_or_default().to_owned(),
        outcome_kinds: kinds(row)?,
        families: row.list("families"),
        names: row.names()?,
        full_ladder: row.list("full_ladder"),
        may_import: row.flag("may_import")?,
        highest_skill_level: row.number("highest_skill_level", 0)?,
    })
}

fn recording_rule(row: &Row) -> anyhow::Result<RecordingRule> {
    let needed = |column: &str| -> anyhow::Result<u32> {
        row.text(column)?;
        row.number(column, 0)
    };
    Ok(RecordingRule {
        code: row.text("code")?.to_owned(),
        version: row.number("version", 1)?,
        effective_from: row.number("effective_from", 0)?,
        parent_index: row.number("parent_index", 0)?,
        hour_minutes: needed("hour_minutes")?,
        theory_hours_per_credit: needed("theory_hours_per_credit")?,
        practice_hours_per_credit: needed("practice_hours_per_credit")?,
        step_millis: row.number("step_millis", 1)?,
    })
}

/// Length in all and of practice, minutes: given as such, or in class hours of `hour_minutes` (45 if not said).
fn minutes(row: &Row) -> anyhow::Result<(u32, u32)> {
    let hour: u32 = row.number("hour_minutes", 45)?;
    let length = |minutes: &str, hours: &str| -> anyhow::Result<u32> {
        ensure!(row.get(minutes).is_none() || row.get(hours).is_none(), "give one of {minutes} and {hours}");
        match row.get(hours) {
            None => row.number(minutes, 0),
            Some(_) => row.number::<u32>(hours, 0)?.checked_mul(hour).with_context(|| format!("{hours} is too long")),
        }
    };
    Ok((length("minutes", "hours")?, length("practice_minutes", "practice_hours")?))
}

fn course(row: &Row) -> anyhow::Result<Course> {
    let (minutes, practice_minutes) = minutes(row)?;
    let mut majors = row.list("majors");
    majors.sort_unstable();
    Ok(Course {
        code: row.text("code")?.to_owned(),
        version: row.number("version", 1)?,
        names: row.names()?,
        minutes,
        practice_minutes,
        credit_millis: row.thousandths("credits")?.unwrap_or_default(),
        recording_rule_index: row.number("recording_rule_index", 0)?,
        category: row.get("category").unwrap_or_default().to_owned(),
        scale: row.text("scale")?.to_owned(),
        level: None,
        majors,
        competency: row.get("competency").unwrap_or_default().to_owned(),
    })
}

fn module(row: &Row) -> anyhow::Result<Module> {
    for column in ["category", "majors"] {
        ensure!(row.get(column).is_none(), "modules have no {column}");
    }
    let (minutes, practice_minutes) = minutes(row)?;
    Ok(Module {
        code: row.text("code")?.to_owned(),
        version: row.number("version", 1)?,
        names: row.names()?,
        course_index: row.number("course_index", 0)?,
        minutes,
        practice_minutes,
        credit_millis: row.thousandths("credits")?.unwrap_or_default(),
        recording_rule_index: row.number("recording_rule_index", 0)?,
        scale: row.text("scale")?.to_owned(),
        competency: row.get("competency").unwrap_or_default().to_owned(),
    })
}

fn family(row: &Row) -> anyhow::Result<CertificateFamily> {
    let kind = row.get("outcome_kind").or_else(|| row.get("outcome_kinds")).context("outcome_kind is missing")?;
    let level = |code: String| CertificateLevel { names: vec![statements::name(&code)], code, level: None };
    Ok(CertificateFamily {
        code: row.text("code")?.to_owned(),
        version: row.number("version", 1)?,
        names: row.names()?,
        outcome_kind: outcome_kind(kind)?.into(),
        levels: row.list("levels").into_iter().map(level).collect(),
        occupation: row.get("occupation").unwrap_or_default().to_owned(),
        validity_days: row.number("validity_days", 0)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::messages::Lang;

    fn read_text(what: What, text: &str) -> (Vec<Said>, Refused) {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("rows");
        std::fs::write(&file, text).unwrap();
        read(what, &file).unwrap()
    }

    #[test]
    fn good_rows_are_said_and_bad_ones_given_back() {
        let text = "institution,kind,sector,region,outcome_kinds,name\n\
                    x-a,higher_vocational,vocational,630100,course;certificate,甲\n\
                    x-b,higher_vocational,vocational,630100,course;micro_certificate,乙\n";
        let (said, refused) = read_text(What::Institutions, text);
        assert_eq!((said.len(), refused.len(), refused[0].row), (1, 1, 2));
        let Body::AccreditInstitution(body) = &said[0].body else { panic!("an accreditation") };
        assert_eq!((body.institution.as_str(), body.outcome_kinds.as_slice()), ("x-b", &[1, 7][..]));
    }

    #[test]
    fn a_course_takes_hours_or_minutes() {
        let (said, refused) = read_text(
            What::Courses,
            "课程代码,名称,学时,实践学时,学分,评分制,majors\nA,甲,64,32,4,percentage,2;1\nB,乙,,,1.2345,percentage,\n",
        );
        let Body::Course(course) = &said[0].body else { panic!("a course") };
        assert_eq!((course.minutes, course.practice_minutes, course.credit_millis), (2880, 1440, 4000));
        assert_eq!(course.majors, ["1", "2"]);
        assert_eq!((refused[0].column.as_str(), &refused[0].problem), ("学分", &problem::Problem::Number));
    }

    #[test]
    fn a_key_of_an_institution_comes_with_its_private_half_or_without() {
        let dir = tempfile::tempdir().unwrap();
        let secret = SecretKey::from_seed(&[9; 32]);
        let file = dir.path().join("a.key");
        secret_key_file::write(&file, secret_key_file::SecretKind::SigningKey, &[9; 32]).unwrap();
        let hex = xuefen_core::Hash(*secret.public().as_bytes()).to_string();
        let rows = dir.path().join("rows");
        let text = format!("institution,key_file,public_key\nx-a,a.key,\nx-b,,{hex}\nx-c,,\n");
        std::fs::write(&rows, text).unwrap();
        let (said, refused) = read(What::Keys, &rows).unwrap();
        assert_eq!((said.len(), refused.len()), (2, 1));
        assert!(said[0].key.is_some() && said[1].key.is_none());
        let ministry = SecretKey::from_seed(&[1; 32]);
        let signer = Signer { origin: "x.example/a", issuer: "x-m", issued_at: 1, keys: vec![&ministry] };
        let postings = sign(&signer, said).unwrap();
        assert_eq!([postings[0].attestations.len(), postings[1].attestations.len()], [2, 1]);
    }

    #[test]
    fn every_kind_of_row_has_a_body() {
        for (what, text) in [
            (What::RecordingRules, "code,hour_minutes,theory_hours_per_credit,practice_hours_per_credit\nR,45,16,32\n"),
            (What::Modules, "code,name,minutes,scale,course_index\nM,甲,90,pass_fail,4\n"),
            (
                What::Policies,
                "code,effective_from,region,scales,thresholds,holidays,achieved_age_days,mass_pass.learners,issue_rights,\
                 cosign_rules\nnational,2026-09-01,,percentage:60000:100000;two:通过/未通过:1,\
                 practice_share_teacher:6000:soft:r,2026-10-01;2026-10-02,300,12,\
                 skill_level_certificate:enterprise:1-6,practice_record:enterprise:30\n",
            ),
            (What::Programmes, "code,name,major,required,elective,credits\nP,甲,440301,4;5,6,120\n"),
            (What::Runs, "code,offer_index,start,end,minutes\nB1,9,2026-09-28,2026-10-09,2880\n"),
            (What::Families, "code,name,outcome_kind,levels\nx-bim,建筑信息模型,x_certificate,初级;中级\n"),
        ] {
            let (said, refused) = read_text(what, text);
            assert_eq!((said.len(), refused.len()), (1, 0), "{what:?} {refused:?}");
        }
        for (what, text, told) in [
            (What::Policies, "code,thresholds\nn,practice:1:hard\n", "is no threshold"),
            (What::Policies, "code,scales\nn,percentage:60\n", "write code:pass:top"),
            (What::Policies, "code,holidays\nn,2026-02-30\n", "is no day written"),
            (What::Programmes, "code,name,required\nP,甲,x\n", "required"),
            (What::Programmes, "code,name,opinions_hash\nP,甲,00\n", "64 hexadecimal digits"),
            (What::Runs, "code,offer_index,start,end,minutes\nB,9,28.9.2026,2026-10-09,1\n", "start"),
        ] {
            let (_, refused) = read_text(what, text);
            let refused = refused.first().expect("a bad row");
            let said = format!("{} {}", refused.column, refused.reason(Lang::En));
            assert!(said.contains(told), "{said}");
        }
        let key = "role,authority,public_key,name\nstatus,x-m,00,甲\n";
        assert_eq!(read_text(What::Authorities, key).1.len(), 1, "no such key");
    }
}
