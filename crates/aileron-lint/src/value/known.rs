//! What libraries give. Whether Airflow can carry it was tried with the serializers of Airflow 3.3.2.

use ruff_python_ast::ExprCall;

use super::Value;
use crate::producer::Transport;

pub(super) const BYTES: &str = "Push text (`base64.b64encode(..).decode()`), or store the bytes in object storage and push the path.";
pub(super) const HANDLE: &str =
    "Push what is in it, or the path of an object that every worker can open.";
const ARRAY: &str =
    "Push `array.tolist()`, or store a large array in object storage and push its path.";
const SERIES: &str = "Push `series.tolist()` or `series.to_frame()`: Airflow has a serializer for a pandas DataFrame only.";
const FRAME: &str =
    "Push `frame.to_pandas()` or a list of rows, or store it in object storage and push its path.";
const MODEL: &str = "Store it in a model registry or in object storage, and push its id or path.";
const CLIENT: &str = "Make it in each task that needs it, and push what it is made from.";
const RESPONSE: &str = "Push what you need of it: `response.json()` or `response.text`.";

/// What calling an imported name gives.
pub(super) fn imported(name: &str, call: &ExprCall) -> Value {
    let (root, _) = name.split_once('.').unwrap_or((name, ""));
    let last = name.rsplit('.').next().unwrap_or(name);
    let is_class = last.starts_with(|c: char| c.is_ascii_uppercase());
    match root {
        "numpy" => numpy(name),
        "pandas" => pandas(last, call),
        "polars" => match last {
            "DataFrame" | "LazyFrame" | "Series" | "read_csv" | "read_parquet" | "read_json"
            | "scan_csv" | "scan_parquet" | "from_pandas" | "from_dicts" => {
                Value::refused("polars.DataFrame", FRAME)
            }
            _ => Value::unknown(),
        },
        "geopandas" if matches!(last, "GeoDataFrame" | "read_file" | "read_parquet") => {
            Value::refused("geopandas.GeoDataFrame", FRAME)
        }
        "pyarrow" if matches!(last, "table" | "array" | "read_table") => {
            Value::refused("pyarrow.Table", FRAME)
        }
        "sklearn" | "xgboost" | "lightgbm" | "catboost" if is_class => Value::refused(name, MODEL),
        "torch" if name.starts_with("torch.nn.") && is_class => Value::refused(name, MODEL),
        "torch" if matches!(last, "tensor" | "zeros" | "ones" | "rand" | "randn") => {
            Value::refused("torch.Tensor", ARRAY)
        }
        "joblib" | "pickle" | "cloudpickle" | "dill" if last == "dumps" => {
            Value::refused("bytes", BYTES)
        }
        "boto3" if matches!(last, "client" | "resource" | "Session") => {
            Value::refused(name, CLIENT)
        }
        "sqlalchemy" if last == "create_engine" => Value::refused("sqlalchemy.Engine", CLIENT),
        "requests" | "httpx"
            if matches!(
                last,
                "get" | "post" | "put" | "patch" | "delete" | "head" | "request"
            ) =>
        {
            Value::refused(format!("{root}.Response"), RESPONSE)
        }
        "pathlib" if matches!(last, "Path" | "PurePath" | "PosixPath") => Value::refused(
            "pathlib.Path",
            "Push `str(path)`, of a place that every worker sees.",
        ),
        "re" if last == "compile" => Value::refused("re.Pattern", "Push the pattern as text."),
        "datetime" => match name {
            "datetime.time" => Value::refused("datetime.time", "Push `time.isoformat()`."),
            "datetime.datetime"
            | "datetime.datetime.now"
            | "datetime.datetime.utcnow"
            | "datetime.datetime.today"
            | "datetime.datetime.fromisoformat"
            | "datetime.datetime.fromtimestamp"
            | "datetime.datetime.strptime" => Value::serialized("datetime.datetime"),
            "datetime.date" | "datetime.date.today" => Value::serialized("datetime.date"),
            "datetime.timedelta" => Value::serialized("datetime.timedelta"),
            _ => Value::unknown(),
        },
        "pendulum" if matches!(last, "now" | "datetime" | "parse" | "today") => {
            Value::serialized("datetime.datetime")
        }
        "airflow" if name == "airflow.utils.timezone.utcnow" => {
            Value::serialized("datetime.datetime")
        }
        "uuid" if matches!(last, "uuid1" | "uuid4" | "uuid5" | "UUID") => {
            Value::serialized("uuid.UUID")
        }
        "decimal" if last == "Decimal" => Value::serialized("decimal.Decimal"),
        "json" if last == "dumps" => Value::json("str"),
        "time" if last == "time" => Value::json("float"),
        "collections" if last == "deque" => Value::refused("collections.deque", "Push a list."),
        "collections" if matches!(last, "defaultdict" | "Counter" | "OrderedDict") => Value {
            store: Transport::Unknown,
            xcom: Transport::Unknown,
            ..Value::json("dict")
        },
        _ => Value::unknown(),
    }
}

fn numpy(name: &str) -> Value {
    match name.strip_prefix("numpy.").unwrap_or_default() {
        "array" | "asarray" | "zeros" | "ones" | "empty" | "full" | "arange" | "linspace"
        | "eye" | "identity" | "concatenate" | "stack" | "vstack" | "hstack" | "zeros_like"
        | "ones_like" | "full_like" | "unique" | "loadtxt" | "fromfile" | "frombuffer"
        | "random.rand" | "random.randn" | "random.default_rng" | "argsort" | "meshgrid" => {
            Value::refused("numpy.ndarray", ARRAY)
        }
        "int8" | "int16" | "int32" | "int64" | "uint8" | "uint16" | "uint32" | "uint64"
        | "float16" | "float32" | "float64" => Value::serialized(name),
        _ => Value::unknown(),
    }
}

fn pandas(last: &str, call: &ExprCall) -> Value {
    match last {
        "read_csv" | "read_json" | "read_table" | "read_fwf"
            if ["chunksize", "iterator"]
                .iter()
                .any(|name| call.arguments.find_keyword(name).is_some()) =>
        {
            Value::refused(
                "pandas reader of chunks",
                "Push a list of what each chunk gives.",
            )
        }
        "DataFrame" | "read_csv" | "read_parquet" | "read_feather" | "read_pickle"
        | "json_normalize" => Value::serialized("pandas.DataFrame"),
        "Series" => Value::refused("pandas.Series", SERIES),
        "Timestamp" => Value::refused("pandas.Timestamp", "Push `timestamp.isoformat()`."),
        _ => Value::unknown(),
    }
}

/// What calling a builtin gives; `first` is its first argument.
pub(super) fn builtin(name: &str, first: Option<Value>) -> Value {
    match name {
        "str" | "repr" | "hex" | "bin" | "chr" | "format" | "ascii" => Value::json("str"),
        "int" | "len" | "ord" | "hash" => Value::json("int"),
        "float" => Value::json("float"),
        "bool" | "all" | "any" | "isinstance" | "callable" => Value::json("bool"),
        "open" => Value::refused("file", HANDLE),
        "bytes" | "bytearray" => Value::refused("bytes", BYTES),
        "memoryview" => Value::refused("memoryview", BYTES),
        "range" | "map" | "filter" | "zip" | "enumerate" | "iter" | "reversed" => {
            Value::refused(name, "Push `list(..)` of it.")
        }
        "object" => Value::refused("object", "Push a value."),
        "complex" => Value::refused("complex", "Push its parts."),
        "set" | "frozenset" | "tuple" if first.is_none() => Value::serialized(name),
        "list" | "dict" if first.is_none() => Value::json(name),
        _ => Value::unknown(),
    }
}

/// What a method gives, by what its object is.
pub(super) fn method(object: &Value, name: &str) -> Value {
    match (object.name.as_str(), name) {
        (_, "isoformat" | "strftime" | "hexdigest" | "decode") => Value::json("str"),
        ("str", "encode") => Value::refused("bytes", BYTES),
        ("dict", "keys" | "values" | "items") => {
            Value::refused(format!("dict.{name}()"), "Push `list(..)` of it.")
        }
        (
            "numpy.ndarray",
            "reshape" | "astype" | "copy" | "flatten" | "ravel" | "transpose" | "round" | "clip"
            | "cumsum",
        ) => Value::refused("numpy.ndarray", ARRAY),
        ("pandas.DataFrame", "to_numpy") | ("pandas.Series", "to_numpy") => {
            Value::refused("numpy.ndarray", ARRAY)
        }
        (
            "pandas.DataFrame",
            "copy" | "head" | "tail" | "dropna" | "fillna" | "reset_index" | "sort_values" | "drop"
            | "rename" | "merge",
        ) => Value::serialized("pandas.DataFrame"),
        ("pandas.DataFrame", "iterrows" | "itertuples") => {
            Value::refused("generator", "Push a list.")
        }
        (model, "fit") if object.way_out == MODEL => Value::refused(model, MODEL),
        ("numpy.ndarray", "tolist") => Value::json("list"),
        _ => Value::unknown(),
    }
}
