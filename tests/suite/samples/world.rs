//! Who is in the samples: institutions, majors, courses, families of certificates.
//!
//! Names of institutions are those of the policy documents; where the documents name nobody, the name says that it is a
//! sample. Which of them takes whom, and all hours, are invented.

/// An institution and the files it posts.
pub struct Institution {
    pub slug: &'static str,
    /// 8 digits of the organisation part of its code; region 990000 does not exist.
    pub number: &'static str,
    pub name: &'static str,
    pub name_en: &'static str,
    pub kind: &'static str,
    pub sector: &'static str,
    pub region: &'static str,
    pub outcome_kinds: &'static str,
    pub families: &'static str,
}

pub const HOME: usize = 0;
/// The hosts, in the order of [`MAJORS`].
pub const HOSTS: [usize; 4] = [1, 2, 3, 4];
pub const EVALUATION: usize = 5;

macro_rules! institution {
    ($slug:literal $number:literal $name:literal $en:literal $kind:literal $sector:literal $region:literal $kinds:literal $families:literal) => {
        Institution {
            slug: $slug,
            number: $number,
            name: $name,
            name_en: $en,
            kind: $kind,
            sector: $sector,
            region: $region,
            outcome_kinds: $kinds,
            families: $families,
        }
    };
}

const SCHOOL: &str = "course;module;completion_certificate";

pub const INSTITUTIONS: [Institution; 8] = [
    Institution {
        outcome_kinds: SCHOOL,
        ..institution!("hainanzhou" "00000001" "海南州职业技术学校" "Hainan Prefecture Vocational and Technical School" "secondary_vocational" "vocational" "632500" "" "")
    },
    Institution {
        outcome_kinds: SCHOOL,
        ..institution!("changzhou-rail" "00000002" "常州铁道高等职业技术学校" "Changzhou Railway Higher Vocational and Technical School" "higher_vocational" "vocational" "320400" "" "JY-TD;JY-JD")
    },
    Institution {
        outcome_kinds: SCHOOL,
        ..institution!("sample-a" "00000003" "江苏样例职业学校甲" "Jiangsu Sample Vocational School A" "secondary_vocational" "vocational" "320100" "" "")
    },
    Institution {
        outcome_kinds: SCHOOL,
        ..institution!("sample-b" "00000004" "江苏样例职业学校乙" "Jiangsu Sample Vocational School B" "secondary_vocational" "vocational" "320500" "" "")
    },
    Institution {
        outcome_kinds: SCHOOL,
        ..institution!("sample-c" "00000005" "江苏样例职业学校丙" "Jiangsu Sample Vocational School C" "secondary_vocational" "vocational" "320600" "" "")
    },
    institution!("sample-evaluation" "00000006" "样例培训评价组织" "Sample Evaluation Organisation" "evaluation_body" "work" "" "x_certificate" "X-SK;X-WL;X-DS"),
    institution!("qinghai-construction" "00000007" "青海建筑职业技术学院" "Qinghai Construction Vocational and Technical College" "higher_vocational" "vocational" "630100" "course;module;degree_certificate;completion_certificate" ""),
    Institution {
        outcome_kinds: SCHOOL,
        ..institution!("xining-first" "00000008" "西宁市第一职业技术学校" "Xining First Vocational and Technical School" "secondary_vocational" "vocational" "630100" "" "")
    },
];

/// A major: code, names, class, place of its host in [`HOSTS`], and its courses as (name, English name, class hours,
/// of these practice).
pub struct Major {
    pub code: &'static str,
    pub name: &'static str,
    pub name_en: &'static str,
    pub class: &'static str,
    pub host: usize,
    pub courses: [(&'static str, &'static str, u32, u32); 4],
}

macro_rules! majors {
    ($($code:literal $name:literal $en:literal $class:literal $host:literal: $($course:literal $course_en:literal $hours:literal $practice:literal),*;)*) => {
        pub const MAJORS: [Major; 16] = [$(Major {
            code: $code, name: $name, name_en: $en, class: $class, host: $host,
            courses: [$(($course, $course_en, $hours, $practice)),*],
        }),*];
    };
}

majors! {
    "700106" "铁道运输服务" "Railway Transport Service" "7001" 0:
        "铁路客运组织" "Passenger Operations" 64 32, "铁路货运组织" "Freight Operations" 64 32,
        "铁路线路与站场" "Lines and Stations" 48 16, "客运服务实训" "Passenger Service Practice" 64 64;
    "660301" "机电技术应用" "Mechatronics" "6603" 0:
        "电工基础" "Electrical Basics" 80 48, "机械制图" "Mechanical Drawing" 64 32,
        "电气控制技术" "Electrical Control" 64 32, "机电装调实训" "Mechatronics Practice" 64 64;
    "700206" "汽车运用与维修" "Vehicle Service" "7002" 0:
        "汽车构造" "Vehicle Structure" 64 32, "汽车电气" "Vehicle Electrics" 64 32,
        "汽车维护" "Vehicle Maintenance" 96 64, "整车检修实训" "Vehicle Repair Practice" 64 64;
    "640301" "建筑工程施工" "Building Construction" "6403" 0:
        "建筑识图" "Reading Plans" 64 32, "建筑材料" "Building Materials" 48 16,
        "施工技术" "Construction Technique" 80 48, "砌筑实训" "Masonry Practice" 64 64;
    "660103" "数控技术应用" "CNC Technology" "6601" 1:
        "数控编程" "CNC Programming" 80 48, "金属材料" "Metals" 48 16,
        "公差与测量" "Tolerances and Measuring" 48 16, "数控车削实训" "CNC Turning Practice" 96 96;
    "710201" "计算机应用" "Computer Applications" "7102" 1:
        "程序设计基础" "Programming Basics" 80 48, "数据库应用" "Databases" 64 32,
        "办公软件" "Office Software" 64 32, "网页制作实训" "Web Page Practice" 64 64;
    "710202" "计算机网络技术" "Computer Networks" "7102" 1:
        "网络基础" "Network Basics" 64 32, "网络设备配置" "Network Devices" 80 48,
        "网络安全基础" "Network Security Basics" 48 16, "综合布线实训" "Cabling Practice" 64 64;
    "710205" "大数据技术应用" "Big Data" "7102" 1:
        "数据采集" "Data Collection" 64 32, "数据处理" "Data Processing" 80 48,
        "统计基础" "Statistics Basics" 32 0, "数据标注实训" "Labelling Practice" 64 64;
    "730301" "会计事务" "Accounting" "7303" 2:
        "会计基础" "Accounting Basics" 64 32, "财税法规" "Finance and Tax Law" 48 16,
        "会计信息化" "Accounting Software" 64 32, "点钞与票据实训" "Cash and Bills Practice" 32 32;
    "730701" "电子商务" "E-commerce" "7307" 2:
        "网店运营" "Running a Web Shop" 80 48, "商品拍摄" "Product Photography" 64 32,
        "客户服务" "Customer Service" 48 16, "直播实训" "Live Sales Practice" 64 64;
    "730801" "物流服务与管理" "Logistics" "7308" 2:
        "仓储作业" "Warehousing" 64 32, "运输作业" "Transport" 64 32,
        "物流信息技术" "Logistics Information" 48 16, "叉车实训" "Forklift Practice" 64 64;
    "610301" "畜禽生产技术" "Livestock Production" "6103" 2:
        "动物营养" "Animal Nutrition" 48 16, "牛羊生产" "Cattle and Sheep" 80 48,
        "动物疫病防治" "Animal Disease Control" 64 32, "养殖场实训" "Farm Practice" 96 96;
    "740101" "旅游服务与管理" "Tourism Service" "7401" 3:
        "导游基础" "Guiding Basics" 64 32, "旅游地理" "Travel Geography" 32 0,
        "旅行社业务" "Travel Agency Work" 48 16, "模拟导游实训" "Guiding Practice" 64 64;
    "740201" "中餐烹饪" "Chinese Cuisine" "7402" 3:
        "烹饪原料" "Ingredients" 48 16, "面点制作" "Pastry" 80 48,
        "冷热菜制作" "Cold and Hot Dishes" 96 64, "宴席实训" "Banquet Practice" 64 64;
    "720201" "护理" "Nursing" "7202" 3:
        "解剖学基础" "Anatomy Basics" 64 16, "基础护理" "Basic Nursing" 96 64,
        "药物学基础" "Pharmacology Basics" 48 0, "护理技能实训" "Nursing Skills Practice" 64 64;
    "770101" "幼儿保育" "Child Care" "7701" 3:
        "幼儿卫生" "Child Health" 48 16, "幼儿活动设计" "Activities for Children" 64 32,
        "钢琴基础" "Piano Basics" 64 48, "保育实习" "Child Care Practice" 64 64;
}

/// What everybody takes: code suffix, names, class hours, of these practice, scale.
pub const COMMON: [(&str, &str, &str, u32, u32, &str); 3] = [
    ("GG01", "思想政治", "Moral and Political Education", 32, 0, "percentage"),
    ("GG02", "语文", "Chinese", 64, 0, "percentage"),
    ("GG03", "体育与健康", "Physical Education and Health", 32, 32, "five_grade"),
];

/// A family of certificates: owner, code, names, kind, levels.
pub struct Family {
    pub owner: usize,
    pub code: &'static str,
    pub name: &'static str,
    pub name_en: &'static str,
    pub kind: &'static str,
    pub levels: &'static [&'static str],
    /// Places in [`MAJORS`] of those who take it.
    pub majors: &'static [usize],
}

const LEVELS: &[&str] = &["初级", "中级", "高级"];

pub const FAMILIES: [Family; 5] = [
    Family {
        owner: 5,
        code: "X-SK",
        name: "样例X证书（数控）",
        name_en: "Sample X certificate (CNC)",
        kind: "x_certificate",
        levels: LEVELS,
        majors: &[4],
    },
    Family {
        owner: 5,
        code: "X-WL",
        name: "样例X证书（物流）",
        name_en: "Sample X certificate (logistics)",
        kind: "x_certificate",
        levels: LEVELS,
        majors: &[10],
    },
    Family {
        owner: 5,
        code: "X-DS",
        name: "样例X证书（电子商务）",
        name_en: "Sample X certificate (e-commerce)",
        kind: "x_certificate",
        levels: LEVELS,
        majors: &[9],
    },
    Family {
        owner: 1,
        code: "JY-TD",
        name: "铁路客运服务培训结业证书",
        name_en: "Completion certificate, passenger service",
        kind: "completion_certificate",
        levels: &[],
        majors: &[0],
    },
    Family {
        owner: 1,
        code: "JY-JD",
        name: "机电装调培训结业证书",
        name_en: "Completion certificate, mechatronics",
        kind: "completion_certificate",
        levels: &[],
        majors: &[1],
    },
];

/// The recording rule of the samples.
pub const HOUR_MINUTES: u32 = 45;
pub const THEORY_HOURS: u32 = 16;
pub const PRACTICE_HOURS: u32 = 32;
pub const STEP_MILLIS: u32 = 500;

/// Credits of so many class hours, thousandths: by the rule, written out on purpose.
pub const fn credit_millis(hours: u32, practice: u32) -> u32 {
    let millis =
        ((hours - practice) * PRACTICE_HOURS + practice * THEORY_HOURS) * 1000 / (THEORY_HOURS * PRACTICE_HOURS);
    millis / STEP_MILLIS * STEP_MILLIS
}
