"""The pages of reporters: plain HTML over the same services as the API. No script, nothing stored in the browser, nothing from elsewhere."""
