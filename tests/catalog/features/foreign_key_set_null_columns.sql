-- requires: 15
CREATE TABLE p (tenant int, id int, PRIMARY KEY (tenant, id));
CREATE TABLE c (
    tenant int NOT NULL, a int, b int DEFAULT 1, FOREIGN KEY (tenant, a) REFERENCES p ON DELETE SET NULL (a),
    FOREIGN KEY (tenant, b) REFERENCES p ON DELETE SET DEFAULT (b)
);
