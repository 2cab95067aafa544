//! What the examples share: their options, and where their files go.
#![allow(dead_code)] // no example uses everything

use std::collections::BTreeMap;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// What an example returns: any error ends it with its text and exit code 1.
pub type Outcome = Result<(), Box<dyn Error>>;

/// An example's options, as they were given or by default.
pub struct Options {
    values: BTreeMap<&'static str, String>,
    /// Arguments without a name.
    pub arguments: Vec<String>,
}

impl Options {
    /// Reads the command line. `--help` prints `about` and the options, and ends the program. So
    /// does whatever is wrong with the command line, with exit code 2, before any work is done. A
    /// switch has the default `"off"` and takes no value.
    pub fn read(about: &str, options: &[(&'static str, &'static str, &'static str)]) -> Self {
        let options = Self::read_with_arguments(about, options);
        match options.arguments.first() {
            Some(argument) => refuse(&format!("unexpected argument {argument}")),
            None => options,
        }
    }

    /// [`read`](Self::read), where arguments without a name are welcome.
    pub fn read_with_arguments(about: &str, options: &[(&'static str, &'static str, &'static str)]) -> Self {
        match Self::parse(options) {
            Ok(Some(options)) => options.with_folder(),
            Ok(None) => {
                println!("{about}\n\nOptions:");
                for (name, default, help) in options {
                    println!("  --{name:<16} {help} [{default}]");
                }
                println!("  --{:<16} this text", "help");
                std::process::exit(0)
            }
            Err(error) => refuse(&error.to_string()),
        }
    }

    /// Makes the folder of `--out` now: to find out after the training would be late.
    fn with_folder(self) -> Self {
        if let Some(out) = self.values.get("out")
            && let Err(error) = std::fs::create_dir_all(out)
        {
            refuse(&format!("--out {out}: {error}"))
        }
        self
    }

    fn parse(options: &[(&'static str, &'static str, &'static str)]) -> Result<Option<Self>, lexopt::Error> {
        let mut values: BTreeMap<_, _> =
            options.iter().map(|&(name, default, _)| (name, default.to_string())).collect();
        let mut arguments = Vec::new();
        let mut parser = lexopt::Parser::from_env();
        while let Some(argument) = parser.next()? {
            match argument {
                lexopt::Arg::Short('h') | lexopt::Arg::Long("help") => return Ok(None),
                lexopt::Arg::Long(name) => {
                    let Some(&(name, default, _)) = options.iter().find(|option| option.0 == name) else {
                        return Err(argument.unexpected());
                    };
                    let value = match default {
                        "off" => "on".to_string(),
                        _ => parser.value()?.to_string_lossy().into_owned(),
                    };
                    values.insert(name, value);
                }
                lexopt::Arg::Value(value) => arguments.push(value.to_string_lossy().into_owned()),
                _ => return Err(argument.unexpected()),
            }
        }
        Ok(Some(Self { values, arguments }))
    }

    /// The value of an option in the list.
    pub fn get<A: FromStr>(&self, name: &str) -> A
    where
        A::Err: std::fmt::Display,
    {
        let value = &self.values[name];
        value.parse().unwrap_or_else(|error: A::Err| match std::any::type_name::<A>() {
            "usize" => refuse(&format!("--{name} {value}: it must be a whole number, at least 1")),
            "u64" => refuse(&format!("--{name} {value}: it must be a whole number, at least 0")),
            "f64" => refuse(&format!("--{name} {value}: it must be a number")),
            _ => refuse(&format!("--{name} {value}: {error}")),
        })
    }

    /// The value of an option that is one of these.
    pub fn one_of(&self, name: &str, choices: &[&'static str]) -> &'static str {
        let value = &self.values[name];
        let known = choices.iter().find(|choice| *choice == value);
        known.unwrap_or_else(|| refuse(&format!("--{name} {value}: it must be {}", choices.join(" or "))))
    }

    /// The value of an option that counts something: at least 1.
    pub fn count(&self, name: &str) -> usize {
        match self.get(name) {
            0 => refuse(&format!("--{name} 0: it must be a whole number, at least 1")),
            n => n,
        }
    }

    /// Whether a switch is on.
    pub fn is_on(&self, name: &str) -> bool {
        self.values[name] == "on"
    }

    /// Where a file goes: into the folder of `--out`.
    pub fn path(&self, file: &str) -> PathBuf {
        Path::new(&self.values["out"]).join(file)
    }
}

/// The option that says where files go.
pub const OUT: (&str, &str, &str) = ("out", "target/wengert", "the folder for pictures");
/// The option that seeds every random number.
pub const SEED: (&str, &str, &str) = ("seed", "42", "the seed of every random number");

/// Ends the program for what is wrong with the command line.
fn refuse(what: &str) -> ! {
    eprintln!("error: {what} (--help lists the options)");
    std::process::exit(2)
}
