//! Colours as CSS writes them in hexadecimal.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A colour of sRGB, such as `#0a7` or `#00aa77` (CSS Color 4 section 5.2), without transparency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Color {
    /// Red, 0 to 255.
    pub red: u8,
    /// Green, 0 to 255.
    pub green: u8,
    /// Blue, 0 to 255.
    pub blue: u8,
}

/// Text that is no colour.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[error("`{0}` is not a colour: write it as in `#0057b8`")]
pub struct NotAColor(String);

impl FromStr for Color {
    type Err = NotAColor;

    fn from_str(text: &str) -> Result<Self, NotAColor> {
        let digits = text.strip_prefix('#').unwrap_or_default();
        let byte = |digits: &str| u8::from_str_radix(digits, 16).ok();
        let is_hex = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
        let step = digits.len() / 3;
        let part = |number: usize| {
            let digits = digits.get(number * step..(number + 1) * step)?;
            // One digit stands for two of the same.
            let digits = digits.repeat(2 / step.max(1));
            byte(&digits)
        };
        let is_color = is_hex && matches!(digits.len(), 3 | 6);
        match (part(0), part(1), part(2)) {
            (Some(red), Some(green), Some(blue)) if is_color => Ok(Self { red, green, blue }),
            (_, _, _) => Err(NotAColor(text.chars().take(40).collect())),
        }
    }
}

impl TryFrom<String> for Color {
    type Error = NotAColor;

    fn try_from(text: String) -> Result<Self, NotAColor> {
        text.parse()
    }
}

impl fmt::Display for Color {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { red, green, blue } = self;
        write!(formatter, "#{red:02x}{green:02x}{blue:02x}")
    }
}

impl From<Color> for String {
    fn from(color: Color) -> Self {
        color.to_string()
    }
}

impl Color {
    /// Black.
    pub const BLACK: Self = Self::gray(0);
    /// White.
    pub const WHITE: Self = Self::gray(255);

    const fn gray(level: u8) -> Self {
        Self {
            red: level,
            green: level,
            blue: level,
        }
    }

    /// The contrast of two colours, 1 to 21 (WCAG 2.2, "contrast ratio").
    pub fn contrast(self, other: Self) -> f64 {
        let (one, two) = (self.luminance(), other.luminance());
        (one.max(two) + 0.05) / (one.min(two) + 0.05)
    }

    /// This colour as near to itself as can be read on `background`: as much of black or white is
    /// mixed in as a contrast of 4.5 takes (WCAG 2.2 success criterion 1.4.3).
    #[must_use]
    pub fn readable_on(self, background: Self) -> Self {
        let towards = background.text();
        let steps = (0..=20).map(|step| self.mixed(towards, f64::from(step) / 20.0));
        let mut readable = steps.filter(|color| color.contrast(background) >= 4.5);
        readable.next().unwrap_or(towards)
    }

    /// Black or white, whichever can be read better on this colour.
    #[must_use]
    pub fn text(self) -> Self {
        if self.contrast(Self::WHITE) >= self.contrast(Self::BLACK) {
            Self::WHITE
        } else {
            Self::BLACK
        }
    }

    fn mixed(self, other: Self, share: f64) -> Self {
        let mix = |one: u8, two: u8| {
            let mixed = f64::from(one).mul_add(1.0 - share, f64::from(two) * share);
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "between two bytes there are only bytes"
            )]
            let level = mixed.round() as u8;
            level
        };
        Self {
            red: mix(self.red, other.red),
            green: mix(self.green, other.green),
            blue: mix(self.blue, other.blue),
        }
    }

    /// WCAG 2.2, "relative luminance".
    fn luminance(self) -> f64 {
        let linear = |level: u8| {
            let level = f64::from(level) / 255.0;
            if level <= 0.04045 {
                level / 12.92
            } else {
                ((level + 0.055) / 1.055).powf(2.4)
            }
        };
        let Self { red, green, blue } = self;
        0.2126f64.mul_add(
            linear(red),
            0.7152f64.mul_add(linear(green), 0.0722 * linear(blue)),
        )
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn colours_are_read_in_both_lengths_and_nothing_else_is() {
        assert_eq!("#0a7".parse::<Color>().unwrap().to_string(), "#00aa77");
        assert_eq!("#0057B8".parse::<Color>().unwrap().to_string(), "#0057b8");
        for wrong in [
            "",
            "#",
            "0057b8",
            "#0057b",
            "#0057b8ff",
            "red",
            "#ggg",
            "#1;}",
        ] {
            assert!(wrong.parse::<Color>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn contrasts_are_those_of_the_guideline() {
        assert!((Color::BLACK.contrast(Color::WHITE) - 21.0).abs() < 1e-9);
        let gray: Color = "#767676".parse().unwrap();
        assert!((gray.contrast(Color::WHITE) - 4.54).abs() < 0.01);
    }

    proptest! {
        #[test]
        fn any_colour_can_be_made_readable_and_carries_readable_text(red: u8, green: u8, blue: u8) {
            let color = Color { red, green, blue };
            prop_assert!(color.contrast(color.text()) >= 4.5);
            for background in ["#ffffff", "#16181d"] {
                let background = background.parse().unwrap();
                prop_assert!(color.readable_on(background).contrast(background) >= 4.5);
            }
        }
    }
}
