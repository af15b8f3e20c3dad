-- requires: extension btree_gist
CREATE EXTENSION btree_gist;
CREATE TABLE t (
    room int, during tstzrange, a text,
    CONSTRAINT "No %overlap:x" EXCLUDE USING gist (room WITH =, during WITH &&) WHERE (a <> '%:x'),
    EXCLUDE USING gist (lower(a) WITH =, during WITH -|-) INCLUDE (room) DEFERRABLE INITIALLY DEFERRED
);
