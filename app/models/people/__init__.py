"""Who there is: patients, staff, and the logins of both."""
