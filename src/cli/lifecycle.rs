//! `xuefen revoke | suspend | reinstate`: what happens to an entry after it was logged.

use clap::Args;
use xuefen_core::proto::LifecycleReason;

use super::exit::Exit;
use super::output::Output;
use super::registry::{enums, statements};
use super::speak::{SpeakArgs, now, speak};
use super::target::Target;

/// Longest suspension, days (rules.md 1).
const MOST_DAYS: u32 = 180;

/// Arguments of `revoke`.
#[derive(Debug, Args)]
pub struct Revoke {
    #[command(flatten)]
    target: Target,
    /// Why: error, wrong_learner, fraud, investigation, ground_fell or appeal.
    #[arg(long, value_name = "REASON", value_parser = enums::parse::<LifecycleReason>)]
    reason: LifecycleReason,
    #[command(flatten)]
    speak: SpeakArgs,
}

/// Arguments of `suspend`.
#[derive(Debug, Args)]
pub struct Suspend {
    #[command(flatten)]
    target: Target,
    /// Why: error, wrong_learner, fraud, investigation, ground_fell or appeal.
    #[arg(long, value_name = "REASON", value_parser = enums::parse::<LifecycleReason>)]
    reason: LifecycleReason,
    /// For so many days at most; it is in force again when they are over.
    #[arg(long, value_name = "DAYS", default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=i64::from(MOST_DAYS)))]
    days: u32,
    #[command(flatten)]
    speak: SpeakArgs,
}

/// Arguments of `reinstate`.
#[derive(Debug, Args)]
pub struct Reinstate {
    #[command(flatten)]
    target: Target,
    #[command(flatten)]
    speak: SpeakArgs,
}

/// Runs `revoke`.
pub fn revoke(args: &Revoke, output: &mut Output<'_>) -> anyhow::Result<Exit> {
    speak(&args.speak, output, async |client, signer| {
        let target = args.target.resolve(client).await?;
        Ok(vec![signer.posting(statements::revoke(target, args.reason))?])
    })
}

/// Runs `suspend`.
pub fn suspend(args: &Suspend, output: &mut Output<'_>) -> anyhow::Result<Exit> {
    let until = now()? + i64::from(args.days) * 86_400;
    speak(&args.speak, output, async |client, signer| {
        let target = args.target.resolve(client).await?;
        Ok(vec![signer.posting(statements::suspend(target, args.reason, until))?])
    })
}

/// Runs `reinstate`.
pub fn reinstate(args: &Reinstate, output: &mut Output<'_>) -> anyhow::Result<Exit> {
    speak(&args.speak, output, async |client, signer| {
        let target = args.target.resolve(client).await?;
        Ok(vec![signer.posting(statements::reinstate(target))?])
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Debug, Parser)]
    struct Typed {
        #[command(flatten)]
        suspend: Suspend,
    }

    #[test]
    fn a_suspension_has_a_reason_and_at_most_180_days() {
        let typed = |words: &str| {
            Typed::try_parse_from(format!("x 7 --issuer x-a --key k {words}").trim_end().split(' '))
                .map(|it| it.suspend)
        };
        let suspend = typed("--reason wrong-learner").unwrap();
        assert_eq!((suspend.reason, suspend.days), (LifecycleReason::WrongLearner, 30));
        for bad in ["", "--reason nothing", "--reason error --days 181", "--reason error --days 0"] {
            assert!(typed(bad).is_err(), "{bad}");
        }
    }
}
