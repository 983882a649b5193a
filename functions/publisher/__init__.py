"""3. One run goes to one platform."""
