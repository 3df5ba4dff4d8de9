<?php
mysqli_report(MYSQLI_REPORT_ERROR | MYSQLI_REPORT_STRICT);
$db = new mysqli(null, 'www-data', null, 'wiki');
$db->query('INSERT INTO visit VALUES (DEFAULT)');
echo 'visit ', $db->query('SELECT count(*) FROM visit')->fetch_row()[0], "\n";
