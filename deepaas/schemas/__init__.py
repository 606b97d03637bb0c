"""What a value may be, as JSON Schema, OpenAPI 3.0 and Swagger 2.0 say it. Knows no model."""
