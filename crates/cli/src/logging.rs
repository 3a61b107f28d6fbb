//! What is logged, to stderr, if `STRONGROOM_LOG` asks for it.

use tracing_subscriber::EnvFilter;

const VARIABLE: &str = "STRONGROOM_LOG";

/// Starts logging if it was asked for; otherwise costs one look at the environment.
pub(crate) fn start() {
    let Ok(filter) = std::env::var(VARIABLE) else {
        return;
    };
    let filter = EnvFilter::builder().parse_lossy(filter);
    // A second subscriber can't be there: this is called once, first.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .try_init();
}
