//! A log file.

use std::fs::{DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use aileron_config::{Config, ConfigError};
use aileron_wire::message::TaskInstance;

use super::LogSink;
use super::level::Level;
use super::pump::now;
use super::text_line::{Source, write_text};

/// A file. It is made, with its directories, when the first line comes, and appended to when it is there already: a task
/// that comes back from a trigger goes on in the same file.
///
/// Lines that cannot be written, for a full disk say, are counted, and the file says how many are missing as soon as it can
/// be written again.
#[derive(Debug)]
pub struct FileSink {
    path: PathBuf,
    modes: FileModes,
    file: Option<File>,
    lost: Lost,
}

/// What could not be written.
#[derive(Debug, Default)]
struct Lost {
    lines: usize,
    /// The file ends within a line.
    torn: bool,
}

/// The permissions of what is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileModes {
    /// Of a file: `[logging] file_task_handler_new_file_permissions`, `0o664`.
    pub file: u32,
    /// Of a directory: `[logging] file_task_handler_new_folder_permissions`, `0o775`.
    pub directory: u32,
}

impl Default for FileModes {
    fn default() -> Self {
        Self {
            file: 0o664,
            directory: 0o775,
        }
    }
}

impl FileModes {
    /// What the configuration says, and the defaults for the rest.
    ///
    /// # Errors
    ///
    /// When an option cannot be read, or is no octal number.
    pub fn from_config(config: &Config) -> Result<Self, ConfigError> {
        let mode = |key, default| match config.get("logging", key)? {
            None => Ok(default),
            Some(text) => octal(&text).ok_or_else(|| {
                ConfigError::invalid("logging", key, &text, "an octal number such as 0o664")
            }),
        };
        let default = Self::default();
        Ok(Self {
            file: mode("file_task_handler_new_file_permissions", default.file)?,
            directory: mode(
                "file_task_handler_new_folder_permissions",
                default.directory,
            )?,
        })
    }
}

fn octal(text: &str) -> Option<u32> {
    let digits = text.trim().trim_start_matches("0o");
    u32::from_str_radix(digits, 8)
        .ok()
        .filter(|mode| *mode <= 0o7777)
}

impl FileSink {
    /// The file at `path`.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            modes: FileModes::default(),
            file: None,
            lost: Lost::default(),
        }
    }

    /// The file of a task instance under `base`, where Airflow's default template puts it:
    /// `dag_id=D/run_id=R/task_id=T/attempt=N.log`, with `map_index=M` for an instance of a mapped task.
    #[must_use]
    pub fn of(base: impl AsRef<Path>, ti: &TaskInstance) -> Self {
        Self::new(base.as_ref().join(log_path(ti)))
    }

    /// Sets the permissions of what is made.
    #[must_use]
    pub fn modes(mut self, modes: FileModes) -> Self {
        self.modes = modes;
        self
    }

    fn open(&mut self) -> io::Result<&mut File> {
        if self.file.is_none() {
            if let Some(directory) = self.path.parent() {
                make_directories(directory, self.modes.directory)?;
            }
            self.file = Some(open(&self.path, self.modes.file)?);
        }
        Ok(self.file.as_mut().expect("it was opened above"))
    }

    /// Closes the gap that lost lines left.
    fn mend(&mut self) -> io::Result<()> {
        let mut mended = if self.lost.torn {
            b"\n".to_vec()
        } else {
            Vec::new()
        };
        let source = Source {
            level: Level::Error,
            logger: "aileron.supervisor",
        };
        let text = format!("{} lines of this log could not be written", self.lost.lines);
        let nothing = aileron_secrets::Masker::default();
        write_text(&mut mended, &now(), source, text.as_bytes(), &nothing);
        let written = self.open()?.write(&mended)?;
        if written < mended.len() {
            self.lost.torn = true;
            return Err(io::ErrorKind::WriteZero.into());
        }
        self.lost = Lost::default();
        Ok(())
    }

    fn append(&mut self, lines: &[u8]) -> io::Result<()> {
        if self.lost.lines > 0 {
            self.mend()?;
        }
        let file = self.open()?;
        let mut rest = lines;
        while !rest.is_empty() {
            match file.write(rest) {
                Ok(count) if count > 0 => rest = &rest[count..],
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                failed => {
                    let written = lines.len() - rest.len();
                    self.lost.torn = written > 0 && lines[written - 1] != b'\n';
                    self.lost.lines += count_lines(rest);
                    return Err(failed.err().unwrap_or(io::ErrorKind::WriteZero.into()));
                }
            }
        }
        Ok(())
    }
}

impl LogSink for FileSink {
    fn write(&mut self, lines: &[u8]) -> io::Result<()> {
        let lost = self.lost.lines;
        let appended = self.append(lines);
        if appended.is_err() && self.lost.lines == lost {
            self.lost.lines += count_lines(lines);
        }
        appended
    }

    fn name(&self) -> String {
        format!("the log file {}", self.path.display())
    }
}

fn count_lines(lines: &[u8]) -> usize {
    memchr::memchr_iter(b'\n', lines).count()
}

/// The file of a task instance, relative to `[logging] base_log_folder`.
fn log_path(ti: &TaskInstance) -> PathBuf {
    // Airflow's ids have no slash. Here one could lead out of the directory.
    let part = |name: &str, value: &str| format!("{name}={}", value.replace('/', "_"));
    let mut path = PathBuf::from(part("dag_id", &ti.dag_id));
    path.push(part("run_id", &ti.run_id));
    path.push(part("task_id", &ti.task_id));
    if ti.map_index >= 0 {
        path.push(format!("map_index={}", ti.map_index));
    }
    path.push(format!("attempt={}.log", ti.try_number));
    path
}

/// The umask takes nothing from what is made here: the web server may be another user of the group.
fn make_directories(directory: &Path, mode: u32) -> io::Result<()> {
    if directory.as_os_str().is_empty() || directory.is_dir() {
        return Ok(());
    }
    if let Some(parent) = directory.parent() {
        make_directories(parent, mode)?;
    }
    match DirBuilder::new().mode(mode).create(directory) {
        Ok(()) => std::fs::set_permissions(directory, Permissions::from_mode(mode)),
        // Another task of the same run made it.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    }
}

fn open(path: &Path, mode: u32) -> io::Result<File> {
    let made = OpenOptions::new()
        .append(true)
        .create_new(true)
        .mode(mode)
        .open(path);
    match made {
        Ok(file) => {
            file.set_permissions(Permissions::from_mode(mode))?;
            Ok(file)
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            OpenOptions::new().append(true).open(path)
        }
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_task_instance_has_the_file_that_airflow_looks_for() {
        let mut ti = TaskInstance::new(Uuid::nil(), "t", "d", "manual__1", 2, Uuid::nil());
        assert_eq!(
            log_path(&ti),
            Path::new("dag_id=d/run_id=manual__1/task_id=t/attempt=2.log")
        );
        ti.map_index = 0;
        ti.dag_id = "../../d".to_owned();
        assert_eq!(
            log_path(&ti),
            Path::new("dag_id=.._.._d/run_id=manual__1/task_id=t/map_index=0/attempt=2.log")
        );
    }

    #[test]
    fn directories_and_file_have_the_modes_whatever_the_umask() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a/b/c.log");
        let mut sink = FileSink::new(&path).modes(FileModes {
            file: 0o666,
            directory: 0o777,
        });
        sink.write(b"{}\n").unwrap();
        sink.write(b"{}\n").unwrap();
        let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&path), 0o666);
        assert_eq!(mode(path.parent().unwrap()), 0o777);
        assert_eq!(std::fs::read(&path).unwrap(), b"{}\n{}\n");
        FileSink::new(&path).write(b"more\n").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"{}\n{}\nmore\n");
    }

    #[test]
    fn lost_lines_are_counted_and_told_when_the_file_can_be_written_again() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("directory/c.log");
        std::fs::write(directory.path().join("directory"), b"in the way").unwrap();
        let mut sink = FileSink::new(&path);
        sink.write(b"1\n2\n").unwrap_err();
        sink.write(b"3\n").unwrap_err();
        std::fs::remove_file(directory.path().join("directory")).unwrap();
        sink.write(b"4\n").unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(
            text.contains("3 lines of this log could not be written"),
            "{text}"
        );
        assert!(text.ends_with("}\n4\n"), "{text}");
    }

    #[test]
    fn a_full_disk_is_an_error_and_not_the_end() {
        let mut sink = FileSink::new("/dev/full");
        let error = sink.write(b"1\n2\n").unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
        assert_eq!(sink.lost.lines, 2);
    }

    #[test]
    fn modes_are_octal() {
        let config = |text: &str| {
            Config::with_environment([(
                "AIRFLOW__LOGGING__FILE_TASK_HANDLER_NEW_FILE_PERMISSIONS",
                text,
            )])
        };
        assert_eq!(
            FileModes::from_config(&config("0o600")).unwrap().file,
            0o600
        );
        assert!(FileModes::from_config(&config("rw-")).is_err());
    }
}
