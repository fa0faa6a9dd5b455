"""The account page: email address, data export, deletion."""
