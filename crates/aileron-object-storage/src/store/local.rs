//! A directory.

use std::sync::Arc;

use object_store::ObjectStore;
use object_store::local::LocalFileSystem;

use crate::{Location, OpenError};

/// The file system. The directory is made when something is put into it. A file appears whole, and is as durable as the file system makes
/// it: it is not synced, which would cost more than all the rest.
pub(super) fn open(location: &Location) -> Result<Arc<dyn ObjectStore>, OpenError> {
    if !location.bucket().is_empty() {
        return Err(OpenError::location(format_args!(
            "names the machine `{}`; write file:///DIRECTORY with three slashes",
            location.bucket()
        )));
    }
    Ok(Arc::new(LocalFileSystem::new()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_url_has_no_machine() {
        let location = Location::parse("file://tmp/x").unwrap();
        let error = open(&location).err().unwrap().to_string();
        assert!(error.contains("three slashes"), "{error}");
    }
}
