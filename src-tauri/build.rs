//! Hands tauri the window's commands, so that each one needs a permission in a capability.

/// One command a line: the list that the capabilities, the handler and the bridge are held against.
const COMMANDS: &str = include_str!("commands.txt");

fn main() {
    println!("cargo::rerun-if-changed=commands.txt");
    let commands: Vec<&'static str> = COMMANDS.lines().collect();
    let manifest = tauri_build::AppManifest::new().commands(Box::leak(commands.into_boxed_slice()));
    let attributes = tauri_build::Attributes::new().app_manifest(manifest);
    if let Err(error) = tauri_build::try_build(attributes) {
        println!("cargo::error={error:#}");
    }
}
