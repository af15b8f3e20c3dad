-- requires: icu
CREATE COLLATION german (provider = icu, locale = 'de-u-co-phonebk');
CREATE COLLATION "Case %:x" (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE TABLE t (a text COLLATE german UNIQUE, b text COLLATE "Case %:x");
