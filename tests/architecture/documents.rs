//! What the documents and the Makefile say is so.

use cargo_metadata::TargetKind;

use crate::workspace::{Dependencies, read};

#[test]
fn every_test_target_runs_in_make_test() {
    let makefile = read("Makefile");
    let recipe: Vec<&str> = makefile
        .lines()
        .skip_while(|line| !line.starts_with("test:"))
        .take_while(|line| !line.is_empty())
        .flat_map(|line| line.split("--test ").skip(1))
        .filter_map(|rest| rest.split_whitespace().next())
        .collect();
    assert_eq!(
        recipe.last(),
        Some(&"system"),
        "the system tests run last: {recipe:?}"
    );
    for (name, package) in Dependencies::read().members() {
        for target in &package.targets {
            assert!(
                !target.kind.contains(&TargetKind::Test) || recipe.contains(&target.name.as_str()),
                "{name} has the test target {:?}, which `make test` does not run",
                target.name
            );
        }
    }
}
