//! The sample files, built in, so that the demo runs from the binary alone. What they are: samples/README.md.

/// File name and content.
pub const FILES: &[(&str, &[u8])] = &[
    ("README.md", include_bytes!("samples/README.md")),
    ("accounts.csv", include_bytes!("samples/accounts.csv")),
    ("certificates-changzhou-rail.csv", include_bytes!("samples/certificates-changzhou-rail.csv")),
    ("certificates-sample-evaluation.csv", include_bytes!("samples/certificates-sample-evaluation.csv")),
    ("courses-changzhou-rail.csv", include_bytes!("samples/courses-changzhou-rail.csv")),
    ("courses-sample-a.csv", include_bytes!("samples/courses-sample-a.csv")),
    ("courses-sample-b.csv", include_bytes!("samples/courses-sample-b.csv")),
    ("courses-sample-c.csv", include_bytes!("samples/courses-sample-c.csv")),
    ("families-changzhou-rail.csv", include_bytes!("samples/families-changzhou-rail.csv")),
    ("families-sample-evaluation.csv", include_bytes!("samples/families-sample-evaluation.csv")),
    ("institutions.csv", include_bytes!("samples/institutions.csv")),
    ("majors.csv", include_bytes!("samples/majors.csv")),
    ("columns-sample-c.toml", include_bytes!("samples/columns-sample-c.toml")),
    ("outcomes-changzhou-rail.csv", include_bytes!("samples/outcomes-changzhou-rail.csv")),
    ("outcomes-sample-a.csv", include_bytes!("samples/outcomes-sample-a.csv")),
    ("outcomes-sample-b.csv", include_bytes!("samples/outcomes-sample-b.csv")),
    ("outcomes-sample-c.csv", include_bytes!("samples/outcomes-sample-c.csv")),
    ("recording-rules.csv", include_bytes!("samples/recording-rules.csv")),
    ("wrong-rows.csv", include_bytes!("samples/wrong-rows.csv")),
];

/// Origin of the demo's ledger.
pub const ORIGIN: &str = "xuefen.example/sample";

/// The national authority: an invented code with a right check character.
pub const MINISTRY: &str = "11990000000000010E";
/// The province of the home school.
pub const QINGHAI: &str = "11990000000000020F";
/// The province of the hosts.
pub const JIANGSU: &str = "11990000000000030G";

/// The home school of the 951 learners.
pub const HOME: &str = "hainanzhou";
/// Who hosts them, in the order in which they post.
pub const HOSTS: [&str; 4] = ["changzhou-rail", "sample-a", "sample-b", "sample-c"];
/// Who posts certificates.
pub const CERTIFIERS: [&str; 2] = ["changzhou-rail", "sample-evaluation"];
