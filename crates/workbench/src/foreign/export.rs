//! A saved request becomes a program, or a file of another program.

use std::path::Path;

use strongroom_contract::{
    error::{ErrorCode, Failure},
    requests::{ExportedRequest, ExportedVariable},
};
use strongroom_formats::{
    Environment, SavedRequest,
    export::{self, Language, Plan, UnknownLanguage},
    saved::{self, ENVIRONMENTS},
    secrets::Extractor,
    template::TemplateError,
};

use super::disk::read;
use crate::folder::Folder;

/// Writes the saved request at `path` in the language called `format`. With `environment`, the values of the
/// environment of that name or file stand in the places of its variables; references stay variables.
///
/// # Errors
///
/// [`ErrorCode::Usage`] for a language that there is not, or a malformed file or value;
/// [`ErrorCode::NotFound`] for the file or the environment.
pub fn export(
    path: &Path,
    format: &str,
    environment: Option<&str>,
) -> Result<ExportedRequest, Failure> {
    let usage = |message: String| Failure::new(ErrorCode::Usage, message);
    let language = language(format)?;
    let mut request = saved::read_request(&text(path)?)
        .map_err(|problem| usage(problem.in_file(path.display().to_string()).to_string()))?;
    if let Some(called) = environment {
        let environment = environment_called(called, path)?;
        export::fill(&mut request, &environment).map_err(|error| usage(error.to_string()))?;
    }
    in_language(language, request).map_err(|error| usage(format!("{}: {error}", path.display())))
}

/// Writes a request in the language called `format`.
///
/// # Errors
///
/// [`ErrorCode::Usage`] for a language that there is not, or a malformed placeholder.
pub(crate) fn written(request: SavedRequest, format: &str) -> Result<ExportedRequest, Failure> {
    in_language(language(format)?, request)
        .map_err(|error| Failure::new(ErrorCode::Usage, error.to_string()))
}

fn language(format: &str) -> Result<Language, Failure> {
    format.parse().map_err(|error: UnknownLanguage| {
        let message = format!("there is no format {format:?} to export to: {error}");
        Failure::new(ErrorCode::Usage, message)
    })
}

fn in_language(
    language: Language,
    mut request: SavedRequest,
) -> Result<ExportedRequest, TemplateError> {
    let mut extractor = Extractor::new();
    extractor.request(&mut request);
    let (found, left_out) = extractor.finish();
    let plan = Plan::of(&request)?;
    let mut notes = plan.notes.clone();
    notes.extend(left_out.iter().map(ToString::to_string));
    Ok(ExportedRequest {
        format: language.to_string(),
        text: language.write(&request.name, &plan),
        notes,
        variables: plan
            .variables()
            .into_iter()
            .map(|(name, stands_for)| ExportedVariable { name, stands_for })
            .collect(),
        secrets: found.iter().map(super::taken).collect(),
    })
}

fn text(path: &Path) -> Result<String, Failure> {
    String::from_utf8(read(path)?).map_err(|_| {
        Failure::new(
            ErrorCode::Usage,
            format!("{} is not UTF-8: expected a saved request", path.display()),
        )
    })
}

/// The environment of the nearest folder above a request that has any.
fn environment_called(called: &str, request: &Path) -> Result<Environment, Failure> {
    let absolute = std::path::absolute(request).unwrap_or_else(|_| request.to_owned());
    let folder = absolute
        .ancestors()
        .skip(1)
        .find(|above| above.join(ENVIRONMENTS).is_dir());
    let Some(folder) = folder.and_then(Path::to_str) else {
        return Err(Failure::new(
            ErrorCode::NotFound,
            format!("no folder above {} has environments", request.display()),
        )
        .hint(format!(
            "put them into {ENVIRONMENTS}/ in the folder of requests"
        )));
    };
    Folder::open(folder)?.environment(called)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const REQUEST: &str = r#"
name = "Find"
method = "GET"
url = "{{base_url}}/v2/payins"
headers = [
  { name = "secret-key", value = "hunter2-hunter2" },
  { name = "x-merchant", value = "{{sr://payments/id}}" },
]
"#;

    /// A folder of one request and one environment, and the request's path.
    fn folder() -> (tempfile::TempDir, std::path::PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let environments = folder.path().join(ENVIRONMENTS);
        fs::create_dir(&environments).unwrap();
        let sandbox = "name = \"Sandbox\"\n\n[variables]\nbase_url = \"https://sandbox.example\"\n";
        fs::write(environments.join("sandbox.toml"), sandbox).unwrap();
        let path = folder.path().join("pay-ins/find.request.toml");
        fs::create_dir(path.parent().unwrap()).unwrap();
        fs::write(&path, REQUEST).unwrap();
        (folder, path)
    }

    #[test]
    fn secrets_and_references_are_variables_in_every_language() {
        let (_folder, path) = folder();
        for format in ["curl", "http", "har", "python", "javascript", "rust", "go"] {
            let exported = export(&path, format, Some("Sandbox")).unwrap();
            let text = &exported.text;
            assert!(!text.contains("hunter2"), "{text}");
            assert!(text.contains("https://sandbox.example"), "{text}");
            assert_eq!(exported.secrets.len(), 1, "{format}");
            let stands_for: Vec<_> = exported
                .variables
                .iter()
                .map(|variable| variable.stands_for.as_str())
                .collect();
            assert!(
                stands_for.contains(&"{{sr://payments/id}}"),
                "{stands_for:?}"
            );
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        let (folder, path) = folder();
        let failure =
            |path: &Path, format: &str, environment| export(path, format, environment).unwrap_err();
        let unknown = failure(&path, "cobol", None);
        assert_eq!(unknown.code, ErrorCode::Usage);
        assert!(unknown.message.contains("python"), "{unknown}");
        let elsewhere = failure(&path, "curl", Some("live"));
        assert_eq!(elsewhere.code, ErrorCode::NotFound);
        let missing = failure(&folder.path().join("no.request.toml"), "curl", None);
        assert_eq!(missing.code, ErrorCode::NotFound);

        fs::write(&path, "name = \"Find\"\nmethod = 7\n").unwrap();
        let malformed = failure(&path, "curl", None);
        assert_eq!(malformed.code, ErrorCode::Usage);
        assert!(
            malformed.message.contains("find.request.toml:2"),
            "{malformed}"
        );
        fs::write(&path, b"\xff").unwrap();
        assert!(failure(&path, "curl", None).message.contains("UTF-8"));
    }
}
