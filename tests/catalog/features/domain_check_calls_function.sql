CREATE FUNCTION is_fine(t text) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT t <> ''''';
CREATE DOMAIN fine AS text CHECK (is_fine(VALUE));
CREATE TABLE t (a fine);
