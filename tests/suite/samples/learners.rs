//! 951 invented learners of 16 majors, with names put together from `syllables.txt` and document numbers that nobody has.

use super::random::Random;
use super::world::MAJORS;

pub const LEARNERS: usize = 951;

pub struct Learner {
    pub number: String,
    pub name: String,
    pub document: String,
    /// YYYY-MM-DD.
    pub birth_date: String,
    /// Place in [`MAJORS`].
    pub major: usize,
}

/// All learners, major by major as a register has them.
pub fn learners(syllables: &str, random: &mut Random) -> Vec<Learner> {
    let lines: Vec<Vec<&str>> =
        syllables.lines().filter(|line| !line.starts_with('#')).map(|line| line.split_whitespace().collect()).collect();
    let [families, given, parts] = &lines[..] else { panic!("syllables.txt has three lists") };
    let mut sizes = [40; MAJORS.len()];
    for _ in 0..LEARNERS - sizes.iter().sum::<usize>() {
        sizes[random.below(MAJORS.len())] += 1;
    }
    let majors = sizes.iter().enumerate().flat_map(|(major, size)| std::iter::repeat_n(major, *size));
    majors
        .enumerate()
        .map(|(at, major)| {
            let name = if random.percent(60) {
                let first = random.below(parts.len());
                let second = (first + 1 + random.below(parts.len() - 1)) % parts.len();
                [parts[first], parts[second]].concat()
            } else {
                let two = if random.percent(70) { *random.one_of(given) } else { "" };
                [*random.one_of(families), *random.one_of(given), two].concat()
            };
            let (year, month, day) = (2007 + random.below(3), 1 + random.below(12), 1 + random.below(28));
            Learner {
                number: format!("2024{:04}", at + 1),
                name,
                document: document(&format!("990000{year}{month:02}{day:02}{:03}", at + 1)),
                birth_date: format!("{year}-{month:02}-{day:02}"),
                major,
            }
        })
        .collect()
}

/// A resident id by its first 17 digits: the check character as ISO 7064 MOD 11-2 has it, from its table of weights.
fn document(body: &str) -> String {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    const CHECKS: [char; 11] = ['1', '0', 'X', '9', '8', '7', '6', '5', '4', '3', '2'];
    let sum: u32 = body.chars().zip(WEIGHTS).map(|(digit, weight)| digit.to_digit(10).expect("a digit") * weight).sum();
    format!("{body}{}", CHECKS[sum as usize % 11])
}

/// A unified social credit code (GB 32100) of region 990000 for an organisation of this number, both check characters
/// right.
pub fn institution_code(number: &str) -> String {
    const ORGANISATION: [u32; 8] = [3, 7, 9, 10, 5, 8, 4, 2];
    let digits = number.chars().map(|digit| digit.to_digit(10).expect("a digit"));
    let check = match 11 - digits.zip(ORGANISATION).map(|(digit, weight)| digit * weight).sum::<u32>() % 11 {
        10 => 'X',
        11 => '0',
        digit => char::from_digit(digit, 10).expect("below 10"),
    };
    let body = format!("12990000{number}{check}");
    let last = credit_code_check(&body);
    format!("{body}{last}")
}

/// The last character of a unified social credit code.
fn credit_code_check(body: &str) -> char {
    const ALPHABET: &str = "0123456789ABCDEFGHJKLMNPQRTUWXY";
    let value = |c| ALPHABET.find(c).expect("a character of the code");
    let weights = std::iter::successors(Some(1), |weight| Some(weight * 3 % 31));
    let sum: usize = body.chars().zip(weights).map(|(c, weight)| value(c) * weight).sum();
    char::from(ALPHABET.as_bytes()[(31 - sum % 31) % 31])
}

#[test]
fn check_characters_are_those_of_the_standards() {
    // The examples of GB 11643 and GB 32100.
    assert_eq!(document("11010519491231002"), "11010519491231002X");
    assert_eq!(credit_code_check("91350100M000100Y4"), '3');
}
