CREATE TABLE t (a int, b text, c int, CONSTRAINT "Pk %:x" PRIMARY KEY (a, b) INCLUDE (c) WITH (fillfactor = 50) DEFERRABLE INITIALLY DEFERRED);
