-- requires: icu
-- requires: 16
CREATE COLLATION ruled (provider = icu, locale = 'und', rules = '&V << w <<< W');
CREATE TABLE t (a text COLLATE ruled);
