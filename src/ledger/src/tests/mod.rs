//! Tests of the machine as a whole.

mod audit_histories;
mod audits;
mod charters;
mod control;
mod conversion_cases;
mod conversions;
mod cosigned;
mod deeds_control;
mod deeds_learner;
mod deeds_registry;
mod deeds_trained;
mod deeds_ways;
mod devices;
mod evidence;
mod explains;
mod histories;
mod inspections;
mod keys;
mod outcomes;
mod path;
mod pathways;
mod policies;
mod precedence;
mod programmes;
mod records;
mod registry;
mod rejections;
mod statuses;
mod trust;
mod ways;

/// So many cases, the same in every run: what fails in one place fails in the other. `PROPTEST_RNG_SEED=n` draws others.
fn reproducible(cases: u32) -> proptest::test_runner::Config {
    use proptest::test_runner::{Config, RngSeed};
    let config = Config::with_cases(cases);
    if std::env::var_os("PROPTEST_RNG_SEED").is_some() {
        config
    } else {
        Config { rng_seed: RngSeed::Fixed(20_260_901), ..config }
    }
}
