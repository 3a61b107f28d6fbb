//! The colours of the terminal, named for what they say. Stripped where nobody sees them.

use anstyle::{AnsiColor, Color, Style};

/// It is as it should be.
pub(crate) const GOOD: Style = AnsiColor::Green.on_default().bold();
/// It is not.
pub(crate) const BAD: Style = AnsiColor::Red.on_default().bold();
/// It wants attention.
pub(crate) const WARN: Style = AnsiColor::Yellow.on_default().bold();
/// What to do next, or a name to look at.
pub(crate) const ACCENT: Style = AnsiColor::Cyan.on_default();
/// Headings and what must not be overlooked.
pub(crate) const STRONG: Style = Style::new().bold();
/// What can be overlooked.
pub(crate) const DIM: Style = Style::new().dimmed();
/// A light ground under dark squares, whatever the terminal's own colours are.
pub(crate) const PAPER: Style = Style::new()
    .fg_color(Some(Color::Ansi(AnsiColor::Black)))
    .bg_color(Some(Color::Ansi(AnsiColor::BrightWhite)));
