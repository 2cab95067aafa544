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
    /// Reads the command line. `--help` prints `about` and the options, and ends the program;
    /// so does an option that is not in the list, with exit code 2. A switch has the default
    /// `"off"` and takes no value.
    pub fn read(about: &str, options: &[(&'static str, &'static str, &'static str)]) -> Self {
        match Self::parse(options) {
            Ok(Some(options)) => options,
            Ok(None) => {
                println!("{about}\n\nOptions:");
                for (name, default, help) in options {
                    println!("  --{name:<16} {help} [{default}]");
                }
                println!("  --{:<16} this text", "help");
                std::process::exit(0)
            }
            Err(error) => {
                eprintln!("error: {error} (--help lists the options)");
                std::process::exit(2)
            }
        }
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
    pub fn get<A: FromStr>(&self, name: &str) -> Result<A, Box<dyn Error>>
    where
        A::Err: std::fmt::Display,
    {
        let value = &self.values[name];
        value.parse().map_err(|error| format!("--{name} {value}: {error}").into())
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
