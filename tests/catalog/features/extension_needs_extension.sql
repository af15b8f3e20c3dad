-- requires: extension earthdistance
CREATE EXTENSION cube;
CREATE EXTENSION earthdistance;
CREATE TABLE t (a earth);
