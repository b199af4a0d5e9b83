//! What is mapped over what.

use aileron_local::Mapping;

pub(super) fn parse(text: &str) -> Result<(String, Mapping), String> {
    let (task, over) = text
        .split_once('=')
        .filter(|(task, over)| !task.is_empty() && !over.is_empty())
        .ok_or("say TASK=N or TASK=UPSTREAM")?;
    let mapping = match over.parse::<u32>() {
        Ok(count) => Mapping::Count(count),
        Err(_) => Mapping::Over(over.to_owned()),
    };
    Ok((task.to_owned(), mapping))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_is_mapped_over_a_number_or_over_another_task() {
        assert_eq!(parse("load=3"), Ok(("load".to_owned(), Mapping::Count(3))));
        let over = Mapping::Over("files".to_owned());
        assert_eq!(parse("load=files"), Ok(("load".to_owned(), over)));
        assert!(parse("load").is_err() && parse("=3").is_err() && parse("load=").is_err());
    }
}
