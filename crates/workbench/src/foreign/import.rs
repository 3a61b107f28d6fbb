//! Foreign files become files of ours, in a folder. No file that is there is touched.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
};

use serde_json::json;
use strongroom_contract::{
    error::{ErrorCode, Failure},
    requests::{EnvironmentFile, FileProblem, ImportReport, RequestRow},
};
use strongroom_formats::{
    Environment, Place, Problem,
    foreign::{Format, UnknownFormat},
    import::{Import, Imported},
    layout::Names,
    saved::{self, ENVIRONMENTS, FOLDER_FILE, Folder},
};

use super::disk::{Writer, names_in, read, secrets_named};

/// How many requests come in at once: what a folder of requests shows.
const MOST_REQUESTS: usize = 10_000;

/// Where what is imported comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A file.
    File(PathBuf),
    /// A text that was typed or pasted, and what it is called in problems.
    Text {
        /// What it is called.
        name: String,
        /// The text.
        bytes: Vec<u8>,
    },
}

/// Imports `sources` into the folder at `into`, which is made if it is missing. Each is of the format called
/// `format`, or of what it looks like. Every secret is taken out, and listed.
///
/// # Errors
///
/// [`ErrorCode::Usage`] for a format that there is not, or that can't be told; [`ErrorCode::NotFound`] and
/// [`ErrorCode::Storage`] for files; [`ErrorCode::Failed`] if nothing came in, with the problems. Nothing is
/// written then.
pub fn import(
    sources: &[Source],
    format: Option<&str>,
    into: &Path,
) -> Result<ImportReport, Failure> {
    let format = format.map(named).transpose()?;
    let mut all = Import::default();
    for source in sources {
        all.append(parsed(source, format)?);
    }
    let beyond = all.requests.len().saturating_sub(MOST_REQUESTS);
    if beyond > 0 {
        all.requests.truncate(MOST_REQUESTS);
        all.problems.push(Problem::new(
            Place::Whole,
            format!("{beyond} requests are left out: at most {MOST_REQUESTS} come in at once"),
        ));
    }
    let (all, found) = all.without_secrets_beside(secrets_named(into));
    let problems: Vec<FileProblem> = all.problems.into_iter().map(super::shown).collect();
    let environments: Vec<Environment> = all
        .environments
        .into_iter()
        .filter(|environment| !environment.variables.is_empty())
        .collect();
    if all.requests.is_empty() && environments.is_empty() {
        return Err(nothing(&problems));
    }
    let mut writer = Writer::into_folder(into)?;
    let environments = write_environments(environments, &mut writer)?;
    let requests = write_requests(all.requests, &mut writer)?;
    let report = ImportReport {
        folder: writer.root().display().to_string(),
        requests,
        environments,
        secrets: found.iter().map(super::taken).collect(),
        problems,
    };
    writer.keep();
    Ok(report)
}

fn named(format: &str) -> Result<Format, Failure> {
    format.parse().map_err(|error: UnknownFormat| {
        Failure::new(
            ErrorCode::Usage,
            format!("there is no format {format:?} to import: {error}"),
        )
    })
}

fn parsed(source: &Source, format: Option<Format>) -> Result<Import, Failure> {
    let read_bytes;
    let (name, bytes) = match source {
        Source::Text { name, bytes } => (name.clone(), bytes),
        Source::File(path) => {
            read_bytes = read(path)?;
            (path.display().to_string(), &read_bytes)
        }
    };
    let format = format.or_else(|| Format::of(&name, bytes)).ok_or_else(|| {
        Failure::new(
            ErrorCode::Usage,
            format!("what {name} is written in can't be told from what it holds"),
        )
        .hint(format!(
            "say it with --format, one of {}",
            Format::ALL.map(Format::id).join(", ")
        ))
    })?;
    Ok(format.parse(bytes).of_file(&name))
}

fn nothing(problems: &[FileProblem]) -> Failure {
    let first = problems.first().map_or_else(
        || "there is no request in it".to_owned(),
        |problem| {
            let place = problem.place.as_deref().map(|place| format!(":{place}"));
            format!(
                "{}{}: {}",
                problem.file,
                place.unwrap_or_default(),
                problem.message
            )
        },
    );
    Failure::new(ErrorCode::Failed, format!("nothing came in: {first}"))
        .hint("nothing was written; mend the file, or say with --format what it is written in")
        .details(json!({ "problems": problems }))
}

fn write_environments(
    environments: Vec<Environment>,
    writer: &mut Writer,
) -> Result<Vec<EnvironmentFile>, Failure> {
    let there = names_in(&writer.root().join(ENVIRONMENTS));
    let mut names = Names::beside(there.iter().map(String::as_str));
    let mut written = Vec::new();
    for environment in environments {
        let path = format!("{ENVIRONMENTS}/{}", names.environment(&environment.name));
        writer.file(&path, &saved::write_environment(&environment))?;
        written.push(EnvironmentFile {
            path,
            name: environment.name,
        });
    }
    Ok(written)
}

/// A folder that is being filled: its path with a `/` behind it, the names in it, how many requests and
/// folders it got.
struct Filled {
    path: String,
    names: Names,
    count: u32,
}

fn write_requests(
    requests: Vec<Imported>,
    writer: &mut Writer,
) -> Result<Vec<RequestRow>, Failure> {
    let there = names_in(writer.root());
    let top = Filled {
        path: String::new(),
        names: Names::beside(there.iter().map(String::as_str)),
        count: 0,
    };
    let mut folders = HashMap::from([(Vec::new(), top)]);
    let mut written = Vec::new();
    for Imported {
        folder,
        mut request,
    } in requests
    {
        for depth in 0..folder.len() {
            let (above, from) = folder.split_at(depth);
            let Some(name) = from.first() else { continue };
            open_folder(above, name, &mut folders, writer)?;
        }
        let Some(filled) = folders.get_mut(&folder) else {
            continue;
        };
        filled.count += 1;
        // The order of the file, with room between.
        request.order.get_or_insert(filled.count.saturating_mul(10));
        let path = format!("{}{}", filled.path, filled.names.request(&request.name));
        writer.file(&path, &saved::write_request(&request))?;
        written.push(RequestRow {
            path,
            name: request.name,
            method: request.method.to_string(),
            url: request.url,
        });
    }
    Ok(written)
}

/// Makes the folder called `name` in `above`, once.
fn open_folder(
    above: &[String],
    name: &str,
    folders: &mut HashMap<Vec<String>, Filled>,
    writer: &mut Writer,
) -> Result<(), Failure> {
    let mut whole = above.to_vec();
    whole.push(name.to_owned());
    if folders.contains_key(&whole) {
        return Ok(());
    }
    let Some(parent) = folders.get_mut(above) else {
        return Ok(());
    };
    parent.count += 1;
    let own = parent.names.folder(name);
    let about = Folder {
        name: (own != name).then(|| name.to_owned()),
        description: None,
        order: Some(parent.count.saturating_mul(10)),
    };
    let path = format!("{}{own}/", parent.path);
    writer.file(
        &format!("{path}{FOLDER_FILE}"),
        &saved::write_folder(&about),
    )?;
    let filled = Filled {
        path,
        names: Names::default(),
        count: 0,
    };
    folders.insert(whole, filled);
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn text(bytes: &str) -> Source {
        Source::Text {
            name: "stdin".to_owned(),
            bytes: bytes.as_bytes().to_vec(),
        }
    }

    #[test]
    fn what_is_there_is_never_overwritten_and_no_secret_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let into = folder.path().join("new/deep");
        let curl = text("curl -H 'secret-key: hunter2' https://h/a");
        let first = import(std::slice::from_ref(&curl), Some("curl"), &into).unwrap();
        let path = into.join(&first.requests[0].path);
        let before = fs::read_to_string(&path).unwrap();
        let other = text("curl -H 'secret-key: other' https://h/a");
        let second = import(&[other], None, &into).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), before);
        assert_eq!(second.requests[0].path, "get-a-2.request.toml");
        let secrets = [first, second].map(|report| report.secrets[0].variable.clone());
        assert_eq!(secrets, ["secret:secret_key", "secret:secret_key_2"]);
        for file in super::super::disk::files_of_ours(&into) {
            let text = fs::read_to_string(file).unwrap();
            assert!(
                !text.contains("hunter2") && !text.contains("other"),
                "{text}"
            );
        }
    }

    #[test]
    fn folders_keep_their_names_and_order() {
        let folder = tempfile::tempdir().unwrap();
        let item = |name: &str| {
            format!(
                r#"{{"name": "{name}", "request": {{"method": "GET", "url": "https://h/{name}"}}}}"#
            )
        };
        let collection = format!(
            r#"{{"info": {{"name": "x"}}, "item": [
                {{"name": "Pay ins", "item": [{}, {}]}},
                {{"name": "pay-ins", "item": [{}]}}, {}]}}"#,
            item("z"),
            item("y"),
            item("z"),
            item("top")
        );
        let report = import(&[text(&collection)], None, folder.path()).unwrap();
        let paths: Vec<_> = report
            .requests
            .iter()
            .map(|row| row.path.as_str())
            .collect();
        assert_eq!(
            paths,
            [
                "pay-ins/z.request.toml",
                "pay-ins/y.request.toml",
                "pay-ins-2/z.request.toml",
                "top.request.toml"
            ]
        );
        let orders: Vec<_> = report
            .requests
            .iter()
            .map(|row| {
                let text = fs::read_to_string(folder.path().join(&row.path)).unwrap();
                saved::read_request(&text).unwrap().order
            })
            .collect();
        assert_eq!(orders, [Some(10), Some(20), Some(10), Some(30)]);
        let about = fs::read_to_string(folder.path().join("pay-ins").join(FOLDER_FILE)).unwrap();
        let about = saved::read_folder(&about).unwrap();
        assert_eq!(about.name.as_deref(), Some("Pay ins"));
        assert_eq!(about.order, Some(10));
    }

    #[test]
    fn nothing_is_written_if_nothing_comes_in() {
        let folder = tempfile::tempdir().unwrap();
        let into = folder.path().join("new");
        let failure = import(&[text("{\"openapi\": \"2.0\"}")], None, &into).unwrap_err();
        assert_eq!(failure.code, ErrorCode::Failed);
        assert!(failure.message.contains("stdin:/openapi"), "{failure}");
        let failure = import(&[text("hello")], None, &into).unwrap_err();
        assert_eq!(failure.code, ErrorCode::Usage);
        assert!(!into.exists());
    }

    #[test]
    fn what_is_malformed_is_placed_and_the_rest_comes_in() {
        let folder = tempfile::tempdir().unwrap();
        let archive = folder.path().join("recorded.har");
        let entry = r#"{"request": {"method": "GET", "url": "https://h/sound"}}"#;
        let text_of_it =
            format!(r#"{{"log": {{"entries": [{{"request": {{"method": 7}}}}, {entry}]}}}}"#);
        fs::write(&archive, text_of_it).unwrap();
        let into = folder.path().join("into");
        let sources = [
            Source::File(archive.clone()),
            text("curl https://h/first\ncurl --no-such-option https://h/second\n"),
        ];
        let report = import(&sources, None, &into).unwrap();
        let urls: Vec<_> = report.requests.iter().map(|row| row.url.as_str()).collect();
        assert_eq!(
            urls[..2],
            ["https://h/sound", "https://h/first"],
            "{urls:?}"
        );
        let places: Vec<_> = report
            .problems
            .iter()
            .map(|problem| (problem.file.as_str(), problem.place.as_deref()))
            .collect();
        let archive = archive.display().to_string();
        assert!(
            places.iter().any(|(file, place)| *file == archive
                && place.is_some_and(|place| place.starts_with("/log/entries/0"))),
            "{places:?}"
        );
        assert!(
            places.iter().any(|(file, place)| *file == "stdin"
                && place.is_some_and(|place| place.starts_with("2:"))),
            "{places:?}"
        );
    }

    #[test]
    fn a_file_that_cannot_be_read_leaves_the_folder_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let into = folder.path().join("into");
        let sound = text("curl https://h/a");
        for (other, code) in [
            (folder.path().join("nowhere.har"), ErrorCode::NotFound),
            (folder.path().to_owned(), ErrorCode::Usage),
        ] {
            let sources = [sound.clone(), Source::File(other)];
            assert_eq!(import(&sources, None, &into).unwrap_err().code, code);
        }
        let failure = import(&[sound], Some("tape"), &into).unwrap_err();
        assert_eq!(failure.code, ErrorCode::Usage);
        assert!(failure.message.contains("postman"), "{failure}");
        assert!(!into.exists());
    }

    #[test]
    fn what_was_written_is_removed_if_the_rest_cannot_be() {
        let folder = tempfile::tempdir().unwrap();
        let mut writer = Writer::into_folder(&folder.path().join("a/b")).unwrap();
        writer.file("c/one.request.toml", "").unwrap();
        assert!(writer.file("c/one.request.toml", "").is_err());
        drop(writer);
        assert!(!folder.path().join("a").exists());
        assert!(folder.path().exists());
    }
}
