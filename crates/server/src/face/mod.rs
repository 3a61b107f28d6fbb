//! Three ways to say the same: as the real platform does (`/api/`), as the standards have it
//! (`/std/`), and as OAuth 2.0 has it (`/oauth/`). Rules and resources know none of them.

mod answer;
mod api;
mod growing;
mod oauth;
mod problem;
mod standard;

pub(crate) use answer::{Answer, AnswerBody, Dates, RequestId, rate_headers};
pub(crate) use growing::{Growing, Maker, NobodyReads};
pub(crate) use oauth::not_kept;
pub(crate) use problem::{FieldErrors, Problem};

/// How an answer is worded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Face {
    /// As the real platform does.
    Api,
    /// RFC 9457, and what else the standards say.
    Standard,
    /// RFC 6749, section 5.2.
    Oauth,
}

impl Face {
    /// The face that a path belongs to. What belongs to neither is answered as the real platform
    /// would.
    pub(crate) fn of(path: &str) -> Self {
        if path.starts_with("/std/") || path.starts_with("/manage/") {
            Self::Standard
        } else if path.starts_with("/oauth/") {
            Self::Oauth
        } else {
            Self::Api
        }
    }

    /// Words a problem.
    pub(crate) fn problem(self, problem: &Problem, id: RequestId) -> Answer {
        let mut answer = match self {
            Self::Api => api::problem(problem),
            Self::Standard => standard::problem(problem, id),
            Self::Oauth => oauth::problem(problem),
        };
        problem.add_headers(self, &mut answer);
        answer
    }
}
