//! Writes a picture of every screen in each of its states into a folder: light and dark, wide and
//! narrow, from the real window. `make screens` runs it; look at what it wrote.

use std::{env, fs, path::PathBuf};

use strongroom_desktop_tests::{Which, tour};

/// The sizes of a page, by the window that has it.
fn sizes(window: Which) -> &'static [(u32, u32)] {
    match window {
        Which::Door => &[(440, 640)],
        Which::Main => &[(1280, 800), (900, 640)],
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = PathBuf::from(env::args_os().nth(1).ok_or("usage: screens FOLDER")?);
    fs::create_dir_all(&folder)?;
    let mut failure = None;
    tour(async |page, stop| {
        for (width, height) in sizes(stop.window) {
            page.resize(*width, *height).await;
            for theme in ["dark", "light"] {
                page.show_theme(theme).await;
                let file = folder.join(format!("{}-{width}-{theme}.png", stop.name));
                failure = fs::write(file, page.picture().await)
                    .err()
                    .or(failure.take());
            }
        }
    })
    .await;
    failure.map_or(Ok(()), |error| Err(error.into()))
}
