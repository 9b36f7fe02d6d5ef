//! `JUnit` XML: a suite for each scenario, a case for each objective. What is missed is a failure; what
//! is undecided or has no data is an error, never a skip, which would be green. There are no times in
//! it: the same verdicts are the same bytes.

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::{Judged, Verdicts};
use crate::slo::gate::Verdict;

/// The document.
pub fn render(verdicts: &Verdicts) -> String {
    let mut report = Report::new("simulate check");
    for case in &verdicts.scenarios {
        // Called like its file where others bear its name.
        let is_only = verdicts.scenarios.iter().filter(|it| it.name == case.name).count() == 1;
        let name = if is_only { &case.name } else { &case.file };
        let mut suite = TestSuite::new(name);
        for judged in &case.objectives {
            let mut test = TestCase::new(&judged.measured.name, status(judged));
            test.set_classname(name);
            test.set_system_out(&judged.says);
            suite.add_test_case(test);
        }
        report.add_test_suite(suite);
    }
    report.to_string().expect("what was read as UTF-8 can be written")
}

fn status(judged: &Judged) -> TestCaseStatus {
    let kind = match judged.verdict {
        Verdict::Met => return TestCaseStatus::success(),
        Verdict::Missed => NonSuccessKind::Failure,
        Verdict::Undecided(_) | Verdict::NoData => NonSuccessKind::Error,
    };
    let word = judged.word;
    let mut status = TestCaseStatus::non_success(kind);
    let require = &judged.measured.require;
    status.set_type(word);
    status.set_message(format!("{word}: {require}: {}", judged.says));
    let text = match (&judged.blame, &judged.reason) {
        (Some(blame), _) => {
            format!("what: {}\nwhen: {}\nwho:  {}", blame.what, blame.when, blame.who)
        }
        (None, Some(reason)) => reason.clone(),
        (None, None) => String::new(),
    };
    status.set_description(text);
    status
}
