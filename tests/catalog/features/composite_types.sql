CREATE TYPE address AS (street text COLLATE "C", "Zip Code" varchar(5), tags text[]);
CREATE TYPE person AS (name text, home address, homes address[]);
CREATE TYPE nothing AS ();
CREATE TABLE t (id int PRIMARY KEY, p person, ps person[] DEFAULT '{}');
COMMENT ON TYPE address IS 'where';
COMMENT ON COLUMN address."Zip Code" IS 'five % digits';
