//! Nothing on any screen, light or dark, keeps a person out.

use std::fs;

use serde_json::Value;
use strongroom_desktop_tests::{Page, tour};

/// axe's rules over the whole page; what it finds, as `rule (impact): element, element`.
const RUN: &str = "const [done] = arguments;
    const grave = ({ impact }) => impact === 'serious' || impact === 'critical';
    const words = ({ id, impact, nodes }) => `${id} (${impact}): ${nodes.map(({ target }) => target.join(' ')).join(', ')}`;
    axe.run(document, { resultTypes: ['violations'], preload: false }).then(
        ({ violations, passes }) => done({ rules: passes.length, found: violations.filter(grave).map(words) }),
        (error) => done({ rules: 0, found: [String(error)] }));";

#[tokio::test]
async fn axe_finds_nothing_serious_on_any_screen() {
    let axe = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../ui/node_modules/axe-core/axe.min.js"
    );
    let axe = fs::read_to_string(axe).expect("axe-core (npm ci in ui installs it)");
    let mut visited = 0;
    let mut found = Vec::new();
    tour(async |page, stop| {
        visited += 1;
        for theme in ["dark", "light"] {
            page.show_theme(theme).await;
            for violation in violations(page, &axe).await {
                found.push(format!("{} {theme}: {violation}", stop.name));
            }
        }
    })
    .await;
    assert!(visited > 30, "only {visited} screens were visited");
    assert!(found.is_empty(), "{}", found.join("\n"));
}

async fn violations(page: &Page, axe: &str) -> Vec<String> {
    let _ = page
        .run(&format!("if (!window.axe) {{ {axe} }}"), vec![])
        .await;
    let answer = page.run_async(RUN, vec![]).await;
    let found: Vec<String> = answer["found"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect();
    assert!(
        answer["rules"].as_u64() > Some(5),
        "axe did not run: {found:?}"
    );
    found
}
