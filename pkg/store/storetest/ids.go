package storetest

import "strings"

// HostileIDs are distinct and valid ids (1 to 128 bytes of UTF-8 without control characters) that a careless key layout
// confuses: separators and escapes, prefixes of each other, other cases and normal forms.
func HostileIDs() []string {
	return []string{
		"a", "A", "aa", "aA", "ab", "a b", "a ", " a",
		"#", "a#", "#a", "a##", "a#b", "a#a", "%", "a%", "a%23", "a%2523", "a%25", "%23", "%00", "a%2F", "a%2f",
		"a/", "a/b", "/", "a\\", "a.", "..", "a-", "a_", "a~", "a!", "a\"", "a$", "a&", "a'", "a+", "a:", "a;", "a=", "a?",
		"a@", "a[", "a|", "a,", "*", "a*", "a{", "a(", "0", "00", "-1", "null", "nil", "undefined",
		"APP#a", "USER#a", "TENANT#a", "TOKEN#a", "a#APP#b", "a#USER#b", "a#TOKEN#b", "APIKEY",
		"0198c0de-0000-7000-8000-000000000001", "0198C0DE-0000-7000-8000-000000000001", "0198c0de000070008000000000000001",
		"é", "e\u0301", "É", "ß", "ss", "ſ", "s", "İ", "i", "日本語", "日本", "🦊", "🦊🦊", "\u200b", "a\u200b", "\ufeff", "\uffff",
		"\U0010ffff", "ａ", strings.Repeat("x", 128), strings.Repeat("x", 127), strings.Repeat("é", 64),
		strings.Repeat("#", 128), strings.Repeat("%", 128), strings.Repeat("🦊", 32),
	}
}
