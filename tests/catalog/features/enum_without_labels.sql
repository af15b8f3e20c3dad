CREATE TYPE nothing AS ENUM ();
CREATE TABLE t (a nothing);
