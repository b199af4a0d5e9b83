//! What kind of executable lies at the start of a bundle.

use std::fmt;

use aileron_bundle::{Bundle, BundleError};
use object::{Architecture, BinaryFormat, Object as _, ReadCache};

/// Enough of a file to see a script's first line.
const PREFIX: u32 = 256;

/// The format and the machine an executable is made for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ExecutableKind {
    /// Machine code.
    Native {
        format: &'static str,
        architecture: String,
        system: System,
    },
    /// A script with its first line, `#!/bin/sh` for instance.
    Script(String),
    /// Neither.
    Unknown,
}

/// The family of systems a format belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum System {
    Elf,
    Apple,
    Windows,
}

impl ExecutableKind {
    /// Looks at the executable of a bundle; reads its headers only.
    pub(crate) fn of(bundle: &Bundle) -> Result<ExecutableKind, BundleError> {
        let prefix = bundle.binary_prefix(PREFIX)?;
        if prefix.starts_with(b"#!") {
            let line = prefix
                .split(|byte| *byte == b'\n')
                .next()
                .unwrap_or_default();
            return Ok(ExecutableKind::Script(
                String::from_utf8_lossy(line).trim_end().to_owned(),
            ));
        }
        let file = std::fs::File::open(bundle.path()).map_err(|source| BundleError::Io {
            path: bundle.path().to_path_buf(),
            action: "open",
            source,
        })?;
        Ok(parse(&ReadCache::new(file)))
    }

    /// Whether this machine can run it; `None` when that cannot be told.
    pub(crate) fn runs_here(&self) -> Option<bool> {
        let ExecutableKind::Native {
            architecture,
            system,
            ..
        } = self
        else {
            return None;
        };
        let here = if cfg!(windows) {
            System::Windows
        } else if cfg!(target_vendor = "apple") {
            System::Apple
        } else {
            System::Elf
        };
        Some(*system == here && architecture == std::env::consts::ARCH)
    }
}

fn parse(cache: &ReadCache<std::fs::File>) -> ExecutableKind {
    let Ok(file) = object::File::parse(cache) else {
        return ExecutableKind::Unknown;
    };
    let (format, system) = match file.format() {
        BinaryFormat::Elf => ("ELF", System::Elf),
        BinaryFormat::MachO => ("Mach-O", System::Apple),
        BinaryFormat::Pe => ("PE", System::Windows),
        _ => return ExecutableKind::Unknown,
    };
    ExecutableKind::Native {
        format,
        architecture: rust_name(file.architecture()),
        system,
    }
}

/// The architecture as Rust target triples write it.
fn rust_name(architecture: Architecture) -> String {
    match architecture {
        Architecture::X86_64 => "x86_64".to_owned(),
        Architecture::Aarch64 => "aarch64".to_owned(),
        Architecture::I386 => "x86".to_owned(),
        Architecture::Arm => "arm".to_owned(),
        Architecture::Riscv64 => "riscv64".to_owned(),
        Architecture::S390x => "s390x".to_owned(),
        Architecture::PowerPc64 => "powerpc64".to_owned(),
        Architecture::LoongArch64 => "loongarch64".to_owned(),
        other => format!("{other:?}").to_lowercase(),
    }
}

impl fmt::Display for ExecutableKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ExecutableKind::Native {
                format,
                architecture,
                ..
            } => write!(f, "{format} for {architecture}"),
            ExecutableKind::Script(line) => write!(f, "script {line}"),
            ExecutableKind::Unknown => f.write_str("unknown kind"),
        }
    }
}
