package sqlite

// walLimit is how large the log beside the database may stay, in bytes, after
// its content has moved to the database.
const walLimit = 16 << 20
