//! What each mistake is told as, and what stays of the text around it.

use super::*;

#[test]
fn show() {
    for text in [
        "size =", "size = \nx = 1", "a = 1 +", "x = 3 = 4", "a : b : c", "= 5", "a = [1, 2", "a = (1\nb = 2\n", "a = [1,, 2]", "a = [1 2)]",
        "x = 'abc'", "# hi", "a = 1, b = 2", "a = b && c", "x = “a”", "a：b", "größe = 1", "x = \"abc\ny = 1", "host a { x = \"eth0 }",
        "x = 25:00", "x = 1:30", "x = 10.0.0.256", "x = 10.0.0/8", "x = 10.0.0.0/33", "x = [fd00::1]/129", "x = [fd00::g]", "x = 5-3",
        "x = 99999999999999999999", "x = 0.1234567890123456789", "x = 1st", "x = 1th", "x = 1__0", "x = .5", "x = a.5",
        "x = \"\\q\"", "x = \"\\u{110000}\"", "x = \"{}\"", "x = \"{a +}\"", "x = \"{a\"", "x = \"a}\"", "x = \"{a = b}\"", "x = \"{f(a}\"",
        "x = r\"abc", "x = r#\"abc\" \n }", "/* hi */ x = 1", "a {} b", "a {}\n{ b }", "a\n{ b }", "{ b }", "a = b { c } { d }", "f(a = )", "f(a = b = c)", "f(a b", "x = f(1 +)", "a }", "}}\n}", "site a { x = 1", "x = [a: b]", "x = a \\\n b", "x = $a", "x = a ? b", "x = a ] b",
        "host h x = { b = 1 }", "x = [1, 2\n\nsite b { c = 1 }", "x => 3", "x = 2027-13-01-5", "x = a - - b", "x = a * / b","x = -5..-3",
    ] {
        println!("--- {text:?}\n{}", findings(text));
    }
    println!("{}", findings(SHOP));
}
