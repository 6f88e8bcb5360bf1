package locale

// Country writes the name of a country, by its code. What is no code stays as it
// is.
func (t Tag) Country(code string) string {
	if name := t.formats().Countries[code]; name != "" {
		return name
	}
	return code
}
