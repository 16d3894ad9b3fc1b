"""Questions: what the stores hold, asked in the field's languages. Each language is a folder; none knows another."""
