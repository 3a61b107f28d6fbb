//! Our own files.

use std::collections::BTreeMap;

use proptest::{collection::btree_map, prelude::*};
use strongroom_formats::{
    Environment, SavedRequest,
    saved::{
        Folder, read_environment, read_folder, read_request, write_environment, write_folder,
        write_request,
    },
};

use crate::support::{request, text};

/// A file with everything in it, as docs/REQUESTS.md shows it.
const FULL: &str = include_str!("../data/saved/full.request.toml");
const LEAST: &str = include_str!("../data/saved/least.request.toml");
const SANDBOX: &str = include_str!("../data/saved/sandbox.toml");

#[test]
fn the_documented_files_are_as_we_write_them() {
    for file in [FULL, LEAST] {
        assert_eq!(write_request(&read_request(file).unwrap()), file);
    }
    assert_eq!(
        write_environment(&read_environment(SANDBOX).unwrap()),
        SANDBOX
    );
}

#[test]
fn the_least_file_has_every_default() {
    let read = read_request(LEAST).unwrap();
    let expected = SavedRequest {
        name: "Ping".to_owned(),
        url: "{{base_url}}/api/v1/ping".to_owned(),
        ..SavedRequest::default()
    };
    assert_eq!(read, expected);
}

#[test]
fn a_checkout_with_other_line_ends_is_the_same_request() {
    let windows = format!("\u{feff}{}", FULL.replace('\n', "\r\n"));
    assert_eq!(read_request(&windows), read_request(FULL));
}

#[test]
fn the_document_shows_these_files() {
    let document = include_str!("../../../../docs/REQUESTS.md");
    for file in [FULL, LEAST, SANDBOX] {
        assert!(
            document.contains(file),
            "docs/REQUESTS.md does not show:\n{file}"
        );
    }
}

/// Each file under `wrong` begins with the message that must come out.
#[test]
fn what_is_wrong_is_named_with_its_place() {
    for file in [
        include_str!("../data/saved/wrong/no-url.toml"),
        include_str!("../data/saved/wrong/empty-url.toml"),
        include_str!("../data/saved/wrong/unknown-field.toml"),
        include_str!("../data/saved/wrong/method.toml"),
        include_str!("../data/saved/wrong/header-name.toml"),
        include_str!("../data/saved/wrong/header-line-end.toml"),
        include_str!("../data/saved/wrong/two-bodies.toml"),
        include_str!("../data/saved/wrong/status.toml"),
        include_str!("../data/saved/wrong/two-checks.toml"),
        include_str!("../data/saved/wrong/equals-json.toml"),
        include_str!("../data/saved/wrong/capture.toml"),
        include_str!("../data/saved/wrong/base64.toml"),
        include_str!("../data/saved/wrong/not-toml.toml"),
        include_str!("../data/saved/wrong/insecure.toml"),
    ] {
        let expected = file.lines().next().unwrap().strip_prefix("# ").unwrap();
        let problem = read_request(file).unwrap_err();
        assert_eq!(problem.to_string(), expected);
    }
}

proptest! {
    #[test]
    fn a_request_is_read_as_it_was_written(request in request()) {
        let written = write_request(&request);
        let read = read_request(&written);
        prop_assert_eq!(read.as_ref(), Ok(&request), "{}", written);
        prop_assert_eq!(write_request(&read.unwrap()), written);
    }

    #[test]
    fn an_environment_is_read_as_it_was_written(
        name in text(),
        production: bool,
        variables in btree_map("(secret:)?[a-zA-Zä_.-]{1,8}", text(), 0..5),
    ) {
        let variables: BTreeMap<String, String> = variables;
        let environment = Environment { name, production, variables };
        let written = write_environment(&environment);
        prop_assert_eq!(read_environment(&written), Ok(environment), "{}", written);
    }

    #[test]
    fn a_folder_is_read_as_it_was_written(
        name in proptest::option::of(text()),
        description in proptest::option::of(text()),
        order: Option<u32>,
    ) {
        let folder = Folder { name, description, order };
        prop_assert_eq!(read_folder(&write_folder(&folder)), Ok(folder));
    }

    #[test]
    fn no_text_is_too_much(text in ".{0,64}") {
        let _ = read_request(&text);
        let _ = read_environment(&text);
    }
}
