//! The codes of an [`ErrorResponse`](super::ErrorResponse).

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! error_types {
    ($($(#[$doc:meta])* $variant:ident = $text:literal,)*) => {
        /// Why a request could not be carried out.
        #[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
        #[serde(from = "String", into = "String")]
        #[non_exhaustive]
        pub enum ErrorType {
            $($(#[$doc])* $variant,)*
            /// A code that this crate does not know, of a newer supervisor.
            Other(String),
        }

        impl ErrorType {
            /// Every code of the newest schema version.
            pub const KNOWN: &[&str] = &[$($text),*];

            /// The code.
            #[must_use]
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $text,)*
                    Self::Other(text) => text,
                }
            }
        }

        impl From<String> for ErrorType {
            fn from(text: String) -> Self {
                match text.as_str() {
                    $($text => Self::$variant,)*
                    _ => Self::Other(text),
                }
            }
        }
    };
}

error_types! {
    /// There is no such Connection.
    ConnectionNotFound = "CONNECTION_NOT_FOUND",
    /// There is no such Variable.
    VariableNotFound = "VARIABLE_NOT_FOUND",
    /// There is no such XCom.
    XComNotFound = "XCOM_NOT_FOUND",
    /// There is no such asset.
    AssetNotFound = "ASSET_NOT_FOUND",
    /// There is no such key in the task state store.
    TaskStoreNotFound = "TASK_STORE_NOT_FOUND",
    /// There is no such key in the asset state store.
    AssetStoreNotFound = "ASSET_STORE_NOT_FOUND",
    /// The Dag run exists already.
    DagRunAlreadyExists = "DAGRUN_ALREADY_EXISTS",
    /// The task may not do this.
    PermissionDenied = "PERMISSION_DENIED",
    /// Anything else.
    #[default]
    GenericError = "GENERIC_ERROR",
    /// The API server failed, or could not be reached.
    ApiServerError = "API_SERVER_ERROR",
}

impl From<ErrorType> for String {
    fn from(error: ErrorType) -> Self {
        error.as_str().to_owned()
    }
}

impl fmt::Display for ErrorType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_kept_known_or_not() {
        for code in ErrorType::KNOWN.iter().copied().chain(["SOMETHING_NEW"]) {
            let error = ErrorType::from(code.to_owned());
            assert_eq!(error.to_string(), code);
            assert_eq!(
                matches!(error, ErrorType::Other(_)),
                code == "SOMETHING_NEW"
            );
        }
    }
}
