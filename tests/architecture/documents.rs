//! What the documents and the Makefile say is so.

use std::fs;

use cargo_metadata::TargetKind;

use crate::workspace::{Dependencies, files_below, read, root};

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
    assert!(
        recipe.ends_with(&["system", "desktop"]),
        "what drives the built programs runs last: {recipe:?}"
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

/// The list items of a Markdown text, each with its continuation lines.
fn items(text: &str) -> Vec<String> {
    let mut items: Vec<String> = Vec::new();
    let mut within = false;
    for line in text.lines() {
        if let Some(first) = line.strip_prefix("- ") {
            items.push(first.to_owned());
            within = true;
        } else if within && line.starts_with("  ") {
            let item = items.last_mut().unwrap();
            item.push(' ');
            item.push_str(line.trim());
        } else {
            within = false;
        }
    }
    items
}

/// The links of a Markdown text, as (words, target).
fn links(text: &str) -> Vec<(&str, &str)> {
    text.split("](")
        .zip(text.split("](").skip(1))
        .filter_map(|(before, after)| {
            let words = &before[before.rfind('[')? + 1..];
            Some((words, &after[..after.find(')')?]))
        })
        .collect()
}

#[test]
fn every_security_property_has_its_test() {
    let security = read("docs/SECURITY.md");
    let properties = security
        .split("\n## ")
        .find(|part| part.starts_with("Properties"));
    let items = items(properties.unwrap());
    assert!(
        items.len() >= 20,
        "only {} properties were found",
        items.len()
    );
    // A row of the table for each of the ten.
    let owasp = security
        .split("\n## ")
        .find(|part| part.starts_with("The OWASP API Security Top 10"));
    let rows = owasp
        .unwrap()
        .lines()
        .filter(|line| line.starts_with("| API"));
    let rows: Vec<_> = rows.map(str::to_owned).collect();
    assert_eq!(rows.len(), 10, "{rows:?}");
    for item in items.into_iter().chain(rows) {
        let tests = links(&item);
        assert!(!tests.is_empty(), "no test is named for: {item}");
        for (name, target) in tests {
            let name = name.trim_matches('`');
            let path = target.strip_prefix("../").unwrap_or(target);
            let source = fs::read_to_string(root().join(path)).unwrap_or_default();
            assert!(
                source.contains(&format!("fn {name}(")),
                "{path} has no test {name}, of: {item}"
            );
        }
    }
}

#[test]
fn every_link_of_the_documents_leads_somewhere() {
    for document in files_below(root(), &["md"]) {
        let text = fs::read_to_string(&document).unwrap();
        for (words, target) in links(&text) {
            let path = target.split('#').next().unwrap();
            if path.is_empty() || path.contains("://") {
                continue;
            }
            assert!(
                document.parent().unwrap().join(path).exists(),
                "{}: [{words}]({target})",
                document.display()
            );
        }
    }
}
